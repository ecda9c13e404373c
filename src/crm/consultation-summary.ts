import type { ConsultationRecord } from './consultations.service.js';

/** A sentence of a note, word for word. */
export type KeySentence = {
  readonly consultationId: string;
  readonly startedAt: Date;
  readonly sentence: string;
};

/** What makes a sentence worth repeating: one point per kind of cue in it. */
const CUES: readonly RegExp[] = [
  /allerg|contraindicat|pregnan|medicat|side effect|过敏|禁忌|怀孕|药/i,
  /price|budget|cost|discount|expensive|价格|预算|优惠|贵/i,
  /decid|book|declin|agree|cancel|prefer|wants|决定|预约|取消|希望/i,
  /follow.?up|call back|next (step|visit|week|month)|remind|回访|下次|下周|提醒/i,
];

/**
 * Picks the sentences of the notes that say most, word for word. A sentence scores one point per kind of cue (safety,
 * money, decision, next step); without any it is left out. Equal points: the newer consultation, then the earlier
 * sentence, goes first.
 *
 * @param records Newest first.
 */
export function keySentencesOf(records: readonly ConsultationRecord[], count: number): KeySentence[] {
  return records
    .flatMap(({ id, startedAt, notes }) =>
      sentencesOf(notes).map((sentence) => ({
        consultationId: id,
        startedAt,
        sentence,
        points: pointsOf(sentence),
      })),
    )
    .filter(({ points }) => points > 0)
    .toSorted((a, b) => b.points - a.points) // stable: keeps newest first among equals
    .slice(0, count)
    .map(({ consultationId, startedAt, sentence }) => ({ consultationId, startedAt, sentence }));
}

/** How often each value occurs, most frequent first, then by name. */
export function countBy<T>(
  rows: readonly T[],
  keyOf: (row: T) => string,
): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

function sentencesOf(notes: string): string[] {
  return notes
    .split(/(?<=[.!?])\s+|(?<=[。！？])|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

function pointsOf(sentence: string): number {
  return CUES.filter((cue) => cue.test(sentence)).length;
}
