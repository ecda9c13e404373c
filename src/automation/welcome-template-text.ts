import { toPlainText } from './welcome-text.js';

/** What a welcome template may name, as `{{display_name}}`. */
export const TEMPLATE_VARIABLES = ['display_name', 'business_name'] as const;
export type TemplateVariable = (typeof TEMPLATE_VARIABLES)[number];
export type TemplateValues = Readonly<Record<TemplateVariable, string>>;

const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;
/** A name is one line, and not the whole message. */
const VALUE_MAX = 100;

/** What is wrong with a template; empty: nothing. */
export function problemsOfTemplate(body: string): string[] {
  const named = new Set(Array.from(body.matchAll(VARIABLE), ([, name]) => name));
  const unknown = [...named].filter((name) => !isVariable(name));
  const rest = body.replaceAll(VARIABLE, '');
  return [
    ...unknown.map((name) => `names {{${name}}}, which is none of ${TEMPLATE_VARIABLES.join(', ')}`),
    ...(/\{\{|\}\}/.test(rest) ? ['has {{ or }} that belongs to no variable'] : []),
  ];
}

/** Puts the values in. What a value holds is never read as a template. */
export function fillTemplate(body: string, values: TemplateValues): string {
  const filled = body.replaceAll(VARIABLE, (whole, name: string) =>
    isVariable(name) ? toValue(values[name]) : whole,
  );
  return toPlainText(filled);
}

function isVariable(name: string): name is TemplateVariable {
  return (TEMPLATE_VARIABLES as readonly string[]).includes(name);
}

function toValue(value: string): string {
  return Array.from(toPlainText(value).replaceAll(/\s+/g, ' ')).slice(0, VALUE_MAX).join('');
}
