import { fillVariables, readVariables } from '../platform/text-variables.js';
import { toPlainText } from './welcome-text.js';

/** What a welcome template may name, as `{{display_name}}`. */
export const TEMPLATE_VARIABLES = ['display_name', 'business_name'] as const;
export type TemplateVariable = (typeof TEMPLATE_VARIABLES)[number];
export type TemplateValues = Readonly<Record<TemplateVariable, string>>;

/** A name is one line, and not the whole message. */
const VALUE_MAX = 100;

/** What is wrong with a template; empty: nothing. */
export function problemsOfTemplate(body: string): string[] {
  const { names, rest } = readVariables(body);
  const unknown = names.filter((name) => !isVariable(name));
  return [
    ...unknown.map((name) => `names {{${name}}}, which is none of ${TEMPLATE_VARIABLES.join(', ')}`),
    ...(rest.includes('{{') || rest.includes('}}') ? ['has {{ or }} that belongs to no variable'] : []),
  ];
}

/** Puts the values into a template, and makes plain text of it. */
export function fillTemplate(body: string, values: TemplateValues): string {
  const valueOf = (name: string) => (isVariable(name) ? toValue(values[name]) : undefined);
  return toPlainText(fillVariables(body, valueOf));
}

function isVariable(name: string): name is TemplateVariable {
  return (TEMPLATE_VARIABLES as readonly string[]).includes(name);
}

function toValue(value: string): string {
  return Array.from(toPlainText(value).replaceAll(/\s+/g, ' ')).slice(0, VALUE_MAX).join('');
}
