// Checks a proof of GET /api/v1/admin/call-logs/{id}/proof (its `data`, or the whole answer) with nothing but Node:
//
//   node verify-proof.mjs proof.json public-key.pem
//
// Exit code 0: the record stood in the log, as the proof shows it, when the checkpoint was signed. 1: it did not.
// The format is described in tamper-evidence.md.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [proofFile, keyFile] = process.argv.slice(2);
const read = JSON.parse(readFileSync(proofFile, 'utf8'));
const proof = read.data ?? read;

try {
  const { record } = proof;
  must(proof.format === 'toolcrib proof v1', 'the format is not known');
  const root = climb(leafOf(record), proof.path, proof.position);
  const head = follow(proof.batches, root, record);
  const time = checkSignature(proof.checkpoint, head);
  process.stdout.write(`Record ${record.id} of ${record.created_at} is in the log, signed at ${time}.\n`);
} catch (error) {
  process.stdout.write(`NOT PROVEN: ${error.message}\n`);
  process.exitCode = 1;
}

/** Payload → commitments → record → entry → leaf. */
function leafOf(record) {
  const erased = record.request_commitment !== null;
  const { salt, request, response, error_message: message } = record;
  const asked = request === null ? '-' : `+${request}`;
  const answered = netstring(message) + (response === null ? '-' : `+${response}`);
  const commitments = erased
    ? [record.request_commitment, record.response_commitment]
    : [
        sha256(`toolcrib request v1\n${salt}\n${asked}`).toString('hex'),
        sha256(`toolcrib response v1\n${salt}\n${answered}`).toString('hex'),
      ];
  const values = [...record.fields.map(([, value]) => value), ...commitments];
  const hash = sha256(`toolcrib record v1\n${values.map(netstring).join('')}`);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Date.parse(record.created_at)));
  return sha256(Buffer.of(0), uuid(record.id), time, uuid(record.group_id), hash);
}

/** From the leaf to the Merkle root of its batch. */
function climb(leaf, path, position) {
  must(Number.isInteger(position) && position >= 0, 'the position is wrong');
  const one = Buffer.of(1);
  return path.reduce((hash, step) => {
    const neighbour = Buffer.from(step.hash, 'hex');
    return step.side === 'left' ? sha256(one, neighbour, hash) : sha256(one, hash, neighbour);
  }, leaf);
}

/** From the batch of the record to the one that the checkpoint names; returns the checkpoint's line about it. */
function follow(batches, root, record) {
  const tenant = record.fields.find(([name]) => name === 'tenant_id')?.[1];
  must(batches[0]?.root === root.toString('hex'), 'the record is not in its batch');
  let hash;
  for (const [index, batch] of batches.entries()) {
    must(batch.tenant === tenant && batch.writer === batches[0].writer, 'a batch is of another chain');
    must(batch.seq === batches[0].seq + index, 'a batch is missing');
    must(index === 0 || batch.previous === hash, 'a batch does not follow from the one before');
    hash = sha256(
      `toolcrib batch v1\nprevious ${batch.previous}\ntenant ${batch.tenant}\nwriter ${batch.writer}\n` +
        `seq ${batch.seq}\nrecords ${batch.records}\ntotal ${batch.total}\nfirst ${batch.first}\nlast ${batch.last}\n` +
        `root ${batch.root}\n`,
    ).toString('hex');
  }
  const last = batches.at(-1);
  return { tenant, line: `head ${last.writer} ${last.seq} ${last.total} ${hash}` };
}

function checkSignature({ text, signature }, { tenant, line }) {
  const key = createPublicKey(readFileSync(keyFile));
  must(verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64')), 'the signature is wrong');
  const lines = text.split('\n');
  must(
    lines[0] === 'toolcrib checkpoint v1' && lines[1] === `tenant ${tenant}`,
    'the checkpoint is not about it',
  );
  must(lines.includes(line), 'the checkpoint does not name the batch');
  return lines[3].slice('time '.length);
}

function must(claim, otherwise) {
  if (!claim) throw new Error(otherwise);
}

function sha256(...parts) {
  return parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
}

function netstring(text) {
  return text === null ? '-,' : `${Buffer.byteLength(text)}:${text},`;
}

function uuid(text) {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}
