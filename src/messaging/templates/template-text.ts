import { fillVariables, readVariables } from '../../platform/text-variables.js';
import { COMMON_VARIABLES, type TemplateText, VARIABLES } from './default-templates.js';
import type { NoticeKind } from '../notices/notice.js';
import { cutText } from '../../platform/cut-text.js';

/** Control characters and the separators that a mail header, too, would take for the end of a line. */
const LINE_BREAKS = /[\p{Cc}\u2028\u2029]+/gu;
const TITLE_MAX = 200;

/** Names that a kind's templates may use. */
export function variablesOf(kind: NoticeKind): string[] {
  return Object.keys({ ...COMMON_VARIABLES, ...VARIABLES[kind] });
}

/** What is wrong with a text of a template, as the end of a sentence; null: nothing. */
export function findTextProblem(text: string, kind: NoticeKind): string | null {
  const known = variablesOf(kind);
  const { names, rest } = readVariables(text);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) return `names the variable ${unknown}, which this kind does not have`;
  return unknown === '' || rest.includes('{{') ? 'has {{ without the name of a variable and }}' : null;
}

/** Puts values into a template. They are text and stay text: nothing in them is filled in again. */
export function fill({ title, body }: TemplateText, values: Readonly<Record<string, string>>): TemplateText {
  const put = (text: string) => fillVariables(text, (name) => valueOf(values, name));
  return { title: oneLine(put(title)), body: put(body).trim() };
}

function valueOf(values: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(values, name) ? values[name] : '';
}

function oneLine(text: string): string {
  return cutText(text.replaceAll(LINE_BREAKS, ' ').trim(), TITLE_MAX);
}
