import { countBy, keySentencesOf } from './consultation-summary.js';
import type { ConsultationRecord } from './consultations.service.js';

const record = (id: string, notes: string): ConsultationRecord => ({
  id,
  startedAt: new Date('2026-01-01T00:00:00Z'),
  endedAt: null,
  outcome: 'considering',
  notes,
  consultantId: null,
  consultant: null,
  projectId: null,
  project: null,
});

describe('keySentencesOf', () => {
  it('quotes sentences with a cue, most cues first, then newest, then earliest', () => {
    const newer = record('newer', 'Friendly talk. Asked about the price. Has an allergy to latex!');
    const older = record('older', 'Decided to book when the price drops.\nSkin is calm.');
    expect(
      keySentencesOf([newer, older], 5).map(({ consultationId, sentence }) => [consultationId, sentence]),
    ).toEqual([
      ['older', 'Decided to book when the price drops.'],
      ['newer', 'Asked about the price.'],
      ['newer', 'Has an allergy to latex!'],
    ]);
  });

  it('parts Chinese sentences, which have no space between them', () => {
    const sentences = keySentencesOf([record('a', '皮肤状态稳定。对麻药过敏。下周回访。')], 5);
    expect(sentences.map(({ sentence }) => sentence)).toEqual(['对麻药过敏。', '下周回访。']);
  });

  it('keeps to the count and finds nothing in empty notes', () => {
    expect(keySentencesOf([record('a', 'Price? Price! Price.')], 2)).toHaveLength(2);
    expect(keySentencesOf([record('a', '')], 2)).toEqual([]);
  });
});

describe('countBy', () => {
  it('puts the most frequent first, equals by name', () => {
    expect(countBy(['b', 'a', 'c', 'c'], (value) => value)).toEqual([
      { value: 'c', count: 2 },
      { value: 'a', count: 1 },
      { value: 'b', count: 1 },
    ]);
  });
});
