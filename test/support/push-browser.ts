import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { Received } from './http-receiver.js';

/** A browser that lets somebody push to it: its keys, and what they are for. */
export function newBrowser(endpoint: string) {
  const ecdh = createECDH('prime256v1');
  ecdh.generateKeys();
  const auth = randomBytes(16);
  return {
    subscription: {
      endpoint,
      keys: { p256dh: ecdh.getPublicKey('base64url'), auth: auth.toString('base64url') },
    },
    /** Opens a push message of content coding aes128gcm (RFC 8188) with keys for Web Push (RFC 8291). */
    open: ({ body }: Received): Record<string, unknown> => {
      const salt = body.subarray(0, 16);
      const recordSize = body.readUInt32BE(16);
      const idLength = body[20];
      const serverKey = body.subarray(21, 21 + idLength);
      const record = body.subarray(21 + idLength);
      if (record.length > recordSize) throw new Error('more than one record');
      const shared = ecdh.computeSecret(serverKey);
      const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), serverKey]);
      const ikm = Buffer.from(hkdfSync('sha256', shared, auth, keyInfo, 32));
      const cek = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16));
      const nonce = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12));
      const decipher = createDecipheriv('aes-128-gcm', cek, nonce);
      decipher.setAuthTag(record.subarray(-16));
      const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
      const end = padded.lastIndexOf(2); // of the last record: a 2, and zeroes behind it
      if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error('wrong padding');
      return JSON.parse(padded.subarray(0, end).toString('utf8')) as Record<string, unknown>;
    },
  };
}

/**
 * As a push service checks who pushes (VAPID, RFC 8292).
 *
 * @returns The claims.
 * @throws {Error} The token is not signed with the key, or is for somebody else.
 */
export async function verifyVapid({ headers }: Received, publicKey: string, origin: string) {
  const parts = /^vapid t=([^,]+), k=(\S+)$/.exec(headers.authorization ?? '');
  if (!parts) throw new Error(`No VAPID: ${headers.authorization ?? 'nothing'}`);
  const [, token, key] = parts;
  if (key !== publicKey) throw new Error('Another key than the one that the browser subscribed with');
  const point = Buffer.from(key, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const jwk = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const { payload } = await jwtVerify(token, jwk, { audience: origin, algorithms: ['ES256'] });
  if ((payload.exp ?? 0) > Date.now() / 1000 + 86_400) throw new Error('It lasts longer than a day');
  return payload;
}
