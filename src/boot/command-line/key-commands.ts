import { StartError } from '../../platform/errors.js';
import type { Config } from '../../platform/config.js';
import type { Rotation } from '../commands/rotate-master.js';
import { type Command, parse, print, withInstallation } from './command.js';

/** The master key, under which secrets lie, and the key that signs the call log. */
export const KEY_COMMANDS: readonly Command[] = [
  {
    name: 'keys rotate-master',
    takes: '[--drop-previous]',
    help: ['put every stored secret under a new master key; then forget the previous one'],
    run: rotateMasterKey,
  },
  {
    name: 'keys checkpoint',
    help: ['the public key that checkpoints of the call log are signed with, as PEM'],
    run: showCheckpointKey,
  },
  {
    name: 'keys rotate-checkpoint',
    help: ['another key to sign checkpoints with; the old one vouches for it'],
    run: rotateCheckpoint,
  },
];

async function rotateMasterKey(args: readonly string[]): Promise<void> {
  const { values } = parse(args, { 'drop-previous': { type: 'boolean' } });
  const { dropPreviousMaster, rotateMaster } = await import('../commands/rotate-master.js');
  await withInstallation(async (config) => {
    if (values['drop-previous']) {
      await dropPreviousMaster(config);
      print('The previous master key is forgotten\n');
      return;
    }
    const rotation = await rotateMaster(config);
    print(rotationText(rotation, config));
    if (rotation.unopened.length > 0) process.exitCode = 1;
  });
}

function rotationText({ secrets, tenants, unopened }: Rotation, { env }: Config): string {
  const done = `${secrets} secrets of ${tenants} tenants were put under the new master key; `;
  if (unopened.length > 0) {
    const places = unopened.map(({ tenantId, column, id }) => `  ${column} ${id} (tenant ${tenantId})\n`);
    return (
      `${done}${unopened.length} could not be opened with any known key and stay as they are. Set them anew, or remove them:\n` +
      places.join('')
    );
  }
  return (
    `${done}nothing lies under the previous one.\n` +
    `Back up the new key now. In ${env.ACCESS_TOKEN_MINUTES} minutes, when the access tokens signed under the previous one have expired, forget it: ` +
    (env.TOOLCRIB_MASTER_KEY
      ? 'take TOOLCRIB_MASTER_KEY_PREVIOUS out of the settings\n'
      : 'toolcrib keys rotate-master --drop-previous\n')
  );
}

async function showCheckpointKey(args: readonly string[]): Promise<void> {
  parse(args, {});
  const { SigningKey } = await import('../../call-logs/chain/signing-key.js');
  const work = async (config: Config) => {
    const { publicKey } = new SigningKey(config);
    if (publicKey === undefined) {
      throw new StartError(
        'CHECKPOINT_KEY is not set in the settings of this command, so it has no public key to show. Run it with the settings of the service',
      );
    }
    print(publicKey);
  };
  await withInstallation(work, { logLevel: 'error' }); // stdout is the key, and nothing else
}

async function rotateCheckpoint(args: readonly string[]): Promise<void> {
  parse(args, {});
  const { rotateCheckpointKey } = await import('../commands/rotate-checkpoint-key.js');
  await withInstallation(async (config) => {
    const publicKey = await rotateCheckpointKey(config);
    print(
      `The old key vouches for the new one, and what it has signed stays valid. Restart the service (every replica), and append ` +
        `this to the public keys that you keep outside:\n${publicKey}`,
    );
  });
}
