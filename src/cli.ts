#!/usr/bin/env node
import './platform/oldest-node.js';
import 'reflect-metadata';
import { UsageError } from './boot/command-line/command.js';
import { findCommand, usage, usageExitCode } from './boot/command-line/commands.js';
import { ConfigError } from './platform/config.js';
import { AppError, StartError, traceOf } from './platform/errors.js';
import { waitForAddresses } from './platform/network/wait-for-addresses.js';
import { outliveReaders } from './platform/outlive-readers.js';

outliveReaders();
waitForAddresses();
const args = process.argv.slice(2);
try {
  const { command, rest } = findCommand(args);
  await command.run(rest);
} catch (error) {
  const isOperators =
    error instanceof StartError ||
    error instanceof ConfigError ||
    error instanceof AppError ||
    error instanceof UsageError;
  const text = isOperators ? error.message : traceOf(error);
  process.stderr.write(`${text}\n${error instanceof UsageError ? `\n${usage()}` : ''}`);
  process.exitCode = error instanceof UsageError ? usageExitCode(args) : 1;
}
