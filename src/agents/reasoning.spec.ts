import { cpuMs } from '../platform/cpu-time.js';
import { withoutReasoning } from './reasoning.js';

/** As Dify before 1.0 wraps what a model thinks. */
const FOLDED = `<details style="color:gray;background-color: #f8f8f8;padding: 8px;border-radius: 4px;" open> <summary> Thinking... </summary>\nA customer.\n</details>`;

describe('withoutReasoning', () => {
  it.each([
    ['<think>a</think>Hello', 'Hello'],
    ['<THINK type="x">a</THINK>Hello', 'Hello'],
    ['<thinking>a</thinking>Hello', 'Hello'],
    ['<thought>a</thought>Hel<reasoning>b</reasoning>lo', 'Hello'],
    ['<think>a <think> b</think>Hello', 'Hello'],
    ['a</think>Hello', 'Hello'],
    ['Hel<think>a</think>b</think>lo', 'Hello'],
    ['Hello<think>cut off by the limit of', 'Hello'],
    [`${FOLDED}\n\nHello`, '\n\nHello'],
    ['<details><summary>Thinking</summary>a<details>b</details>c</details>Hello', 'Hello'],
    ['<details><think>a</details>Hello', 'Hello'],
    ['Hello<details open><summary>Thinking', 'Hello'],
    ['Hello</details>', 'Hello'],
    ['a < b, <thin> and <thinker>', 'a < b, <thin> and <thinker>'],
  ])('leaves of %j what is said', (answer, shown) => {
    expect(withoutReasoning(answer, 'removed')).toBe(shown);
  });

  it('leaves details that are content, and everything, where the agent is set to', () => {
    const answer = '<think>a</think><details><summary>Prices</summary>5 €</details>';
    expect(withoutReasoning(answer, 'details_kept')).toBe('<details><summary>Prices</summary>5 €</details>');
    expect(withoutReasoning(answer, 'kept')).toBe(answer);
  });

  it('is not slowed down by an answer made for it', () => {
    const answer = '<think <details '.repeat(60_000);
    const startedMs = cpuMs();
    expect(withoutReasoning(answer, 'removed')).toBe(answer);
    expect(cpuMs() - startedMs).toBeLessThan(5000);
  });
});
