import createClient from 'openapi-fetch';
import type { PathsWithMethod } from 'openapi-typescript-helpers';
import type { components, paths } from '../../../generated/api';
import { language } from '../words/use-words';
import { BASE } from './base';
import { failureOf } from './failure';
import { accessToken, renewRefused } from './session';

export type Schemas = components['schemas'];
export type GetPath = PathsWithMethod<paths, 'get'>;

type Answer<P extends GetPath> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;
export type DataOf<P extends GetPath> = Answer<P> extends { data: infer Data } ? Data : never;
export type ItemOf<P extends GetPath> = DataOf<P> extends readonly (infer Item)[] ? Item : never;

type ParametersOf<P extends GetPath> = paths[P] extends { get: { parameters: infer Parameters } }
  ? Parameters
  : never;
export type QueryOf<P extends GetPath> =
  ParametersOf<P> extends { query?: infer Query } ? NonNullable<Query> : never;
export type PathOf<P extends GetPath> = ParametersOf<P> extends { path: infer Path } ? Path : never;

/** Talks to the service as the person who is signed in. Nothing else does. */
export const api = createClient<paths>({ baseUrl: BASE, fetch: send });

async function send(request: Request): Promise<Response> {
  request.headers.set('accept-language', language());
  const again = request.clone();
  request.headers.set('authorization', `Bearer ${await accessToken()}`);
  const response = await fetch(request);
  if (response.status !== 401 || !(await renewRefused())) return response;
  again.headers.set('authorization', `Bearer ${await accessToken()}`);
  return fetch(again);
}

export type Answered<Body> = { readonly data?: Body; readonly error?: unknown; readonly response: Response };

/** What a request was answered with. @throws {ApiFailure} It was refused. */
export async function whole<Body>(answer: Promise<Answered<Body>>): Promise<Body> {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw failureOf(response, error);
  return data;
}

/** `data` of the answer. @throws {ApiFailure} It was refused. */
export async function dataOf<Data>(answer: Promise<Answered<{ data: Data }>>): Promise<Data> {
  return (await whole(answer)).data;
}

/** A file that a route gives, as text. @throws {ApiFailure} It was refused. */
export async function textOf(answer: Promise<Answered<unknown>>): Promise<string> {
  const text = await whole(answer);
  return typeof text === 'string' ? text : '';
}

/** `data` with the version that a change of it names. @throws {ApiFailure} It was refused. */
export async function versionOf<Data>(
  answer: Promise<Answered<{ data: Data }>>,
): Promise<{ readonly value: Data; readonly tag: string | null }> {
  const answered = await answer;
  return { value: await dataOf(Promise.resolve(answered)), tag: answered.response.headers.get('etag') };
}

/** A file that a route streams, saved by the browser under the name that the service gives. */
export async function download(path: string, query: Readonly<Record<string, string>>): Promise<void> {
  const url = new URL(`${BASE}${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== '') url.searchParams.set(name, value);
  const response = await send(new Request(url));
  if (!response.ok) throw failureOf(response, await response.json().catch(() => null));
  const name = /filename="?([^";]+)/.exec(response.headers.get('content-disposition') ?? '')?.[1];
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name ?? path.split('/').at(-1) ?? 'download';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
