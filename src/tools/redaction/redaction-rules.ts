import { RE2JS } from 're2js';
import { z } from 'zod';
import { messageOf } from '../../platform/errors.js';

export const DETECTORS = ['phone', 'id_card', 'bank_card', 'email', 'secret', 'pattern'] as const;

const RULES_MAX = 32;
const PATTERN_MAX = 500; // characters
/** Instructions of the compiled expression: each is looked at for each character, in the worst case. */
const PROGRAM_MAX = 2000;
/** Has a letter, a digit, a space, punctuation and a character beyond ASCII: an expression that may match nothing does so here. */
const PROBES = ['', 'a', '1', ' ', 'aB1 -_.中\n"'];

const ruleSchema = z
  .strictObject({
    detector: z
      .enum(DETECTORS)
      .describe('What to look for; `pattern`: your own regular expression, in `pattern`'),
    pattern: z
      .string()
      .min(1)
      .max(PATTERN_MAX)
      .superRefine((pattern, context) => {
        const problem = problemOfPattern(pattern);
        if (problem !== null) context.addIssue({ code: 'custom', message: problem });
      })
      .optional()
      .describe('Regular expression of the RE2 syntax (no look-around, no back-references)'),
    applies_to: z
      .enum(['agent', 'log', 'both'])
      .default('both')
      .describe('`agent`: what the agent gets; `log`: what the call log keeps; `both`'),
    replacement: z
      .string()
      .max(100)
      .optional()
      .describe('What stands in its place, as it is; by default `[redacted:phone]` and the like'),
  })
  .superRefine(({ detector, pattern }, context) => {
    if ((detector === 'pattern') === (pattern !== undefined)) return;
    const message =
      detector === 'pattern'
        ? 'must be given: the regular expression to look for'
        : `goes with detector 'pattern' only, not '${detector}'`;
    context.addIssue({ code: 'custom', path: ['pattern'], message });
  });

/** What a group hides from agents, from its call log, or from both; applied in this order. */
export const redactionRulesSchema = z
  .array(ruleSchema)
  .max(RULES_MAX)
  .describe('What is replaced in results and records; applied in this order');

export type RedactionRule = Readonly<z.output<typeof ruleSchema>>;

/** Why an expression cannot be a rule, for the administrator who sent it; null when it can. */
function problemOfPattern(pattern: string): string | null {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    return `is not a regular expression of the RE2 syntax: ${messageOf(error)}`;
  }
  if (compiled.programSize() > PROGRAM_MAX) return 'is too large: use smaller or fewer repetitions';
  return PROBES.some((text) => matchesNothing(compiled, text))
    ? 'must not match the empty text: it would match everywhere'
    : null;
}

function matchesNothing(pattern: RE2JS, text: string): boolean {
  const matcher = pattern.matcher(text);
  while (matcher.find()) if (matcher.start() === matcher.end()) return true;
  return false;
}
