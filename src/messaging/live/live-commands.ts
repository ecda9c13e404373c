import { Injectable } from '@nestjs/common';
import type { UserCaller } from '../../access/caller.js';
import { InvalidInputError } from '../../platform/errors.js';
import type { ClientMessage } from './live-protocol.js';

/**
 * What a client asks for over the socket, other than events. It runs in the tenant's unit of work.
 *
 * @returns `data` of the answer.
 * @throws {AppError} Told to the client.
 */
export type LiveCommand = (caller: UserCaller, message: ClientMessage) => Promise<unknown>;

/** Commands that features offer at `/ws`: they know this folder, and it does not know them. */
@Injectable()
export class LiveCommands {
  private readonly commands = new Map<string, LiveCommand>();

  /** Call it in `onModuleInit`. Whether the caller may, the command asks itself. */
  register(type: string, command: LiveCommand): void {
    if (this.commands.has(type)) throw new Error(`Two commands '${type}'`);
    this.commands.set(type, command);
  }

  /** @throws {InvalidInputError} There is no such command. */
  run(caller: UserCaller, message: ClientMessage): Promise<unknown> {
    const command = this.commands.get(message.type);
    if (!command) throw new InvalidInputError(`No message type '${message.type}'`);
    return command(caller, message);
  }
}
