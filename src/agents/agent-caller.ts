import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTenant } from '../platform/request-scope.js';
import { SecretBox } from '../platform/secrets/secret-box.js';
import { SealedColumn } from '../platform/secrets/sealed-column.js';
import { AgentFailure } from './agent-failure.js';
import type { AgentMode } from './agent-modes.js';
import type { AgentVersion } from './agent-version.entity.js';
import {
  type AppDescription,
  type DifyAnswer,
  type DifyApp,
  DifyClient,
  type Question,
} from './dify-client.js';
import { fitInputs, type InputField } from './input-form.js';

// Not through the entity: what an app says of itself is no change by an administrator, and If-Match compares those.
const NOTE_DESCRIPTION = `UPDATE agent_versions SET mode = $2, app_name = $3, inputs = $4, checked_at = now(), problem = NULL
  WHERE id = $1 AND ciphertext = $5`;
const NOTE_PROBLEM =
  'UPDATE agent_versions SET checked_at = now(), problem = $2 WHERE id = $1 AND ciphertext = $3';

type Known = { readonly mode: AgentMode; readonly inputs: readonly InputField[] };

/** An answer, and what it was asked of. */
export type CallAnswer = DifyAnswer & { readonly mode: AgentMode };

/** Asks one version of an agent, once. Knows what kind of app it is and what its form wants, and asks it when it does not. */
@Injectable()
export class AgentCaller {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly box: SecretBox,
    private readonly dify: DifyClient,
  ) {}

  /** @throws {AgentFailure} */
  async ask(version: AgentVersion, question: Question, signal: AbortSignal): Promise<CallAnswer> {
    const known = await this.knownOf(version, signal);
    try {
      return await this.askAs(version, known, question, signal);
    } catch (error) {
      if (!(error instanceof AgentFailure) || !isOutdated(error)) throw error;
      // Perhaps somebody changed the app since we last looked.
      const { mode, inputs } = await this.describe(version, signal);
      if (isDeepStrictEqual({ mode, inputs }, known)) throw error;
      return this.askAs(version, { mode, inputs }, question, signal);
    }
  }

  /**
   * Asks the app what it is, and keeps that with the version; a failure, too.
   *
   * @throws {AgentFailure}
   */
  async describe(version: AgentVersion, signal: AbortSignal): Promise<AppDescription> {
    const { id, ciphertext, tenantId } = version;
    const note = (sql: string, values: readonly unknown[]) =>
      inTenant(tenantId, () => this.dataSource.query(sql, [...values]));
    try {
      const found = await this.dify.describe(this.appOf(version), signal);
      await note(NOTE_DESCRIPTION, [id, found.mode, found.name, JSON.stringify(found.inputs), ciphertext]);
      return found;
    } catch (error) {
      if (error instanceof AgentFailure) await note(NOTE_PROBLEM, [id, error.message, ciphertext]);
      throw error;
    }
  }

  private async knownOf(version: AgentVersion, signal: AbortSignal): Promise<Known> {
    const { mode, inputs } = version;
    return mode === null ? this.describe(version, signal) : { mode, inputs };
  }

  private async askAs(
    version: AgentVersion,
    { mode, inputs: form }: Known,
    question: Question,
    signal: AbortSignal,
  ): Promise<CallAnswer> {
    const { inputs, missing } = fitInputs(form, { query: question.query, ...question.inputs });
    if (missing.length > 0)
      throw new AgentFailure(
        'missing_inputs',
        `The app requires inputs that have no value: ${missing.join(', ')}`,
      );
    const answer = await this.dify.ask(this.appOf(version), mode, { ...question, inputs }, signal);
    return { ...answer, mode };
  }

  private appOf({ id, tenantId, baseUrl, ciphertext }: AgentVersion): DifyApp {
    try {
      return { baseUrl, apiKey: this.box.open(ciphertext, AGENT_KEY.contextOf(tenantId, id)) };
    } catch (cause) {
      throw new AgentFailure('no_key', 'The stored key does not open; give it anew', { cause });
    }
  }
}

function isOutdated({ mayBeWrongMode, kind }: AgentFailure): boolean {
  return mayBeWrongMode || kind === 'missing_inputs';
}

/** The keys of versions. */
export const AGENT_KEY = new SealedColumn('agent_versions', 'ciphertext');
