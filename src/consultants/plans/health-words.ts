/*
 * Which words of two short texts mean the same. Made to find a danger rather than to miss one: endings do not count
 * (pregnant, pregnancy), a few names of health in Chinese and English are one, and what is denied is found, too.
 */

/** Spellings of one thing; the first one stands for all. */
const SAME: readonly (readonly string[])[] = [
  ['pregnancy', 'pregnant', '怀孕', '妊娠', '孕期', '孕妇', '备孕'],
  ['breastfeeding', 'breast-feeding', 'nursing', 'lactating', '哺乳'],
  ['lidocaine', 'lignocaine', '利多卡因', '麻药'],
  ['penicillin', '青霉素'],
  ['aminoglycoside antibiotics', '氨基糖苷'],
  ['latex', '乳胶'],
  ['salicylates', 'salicylic', 'aspirin', '水杨酸', '阿司匹林'],
  ['herpes', '疱疹'],
  ['keloid', '瘢痕疙瘩', '瘢痕体质', '疤痕体质'],
  ['pacemaker', '起搏器'],
  ['metal implants', '金属植入'],
  ['isotretinoin', 'accutane', '异维a酸', '异维甲酸'],
  ['melasma', '黄褐斑'],
  ['blood thinners', 'anticoagulant', 'anticoagulants', 'warfarin', '抗凝'],
  ['autoimmune disease', 'autoimmune', 'lupus', '自身免疫', '红斑狼疮'],
  ['myasthenia gravis', 'myasthenia', '重症肌无力'],
  ['sun exposure', 'sunburn', '日晒', '晒伤'],
  ['tanned skin', '晒黑'],
  ['light-sensitising medication', 'photosensitising', 'photosensitizing', 'light-sensitizing', '光敏'],
  ['open wounds', '开放性伤口', '伤口未愈'],
];

/** Say nothing by themselves. */
const EMPTY = new Set(
  (
    'a an and any are at be by for from has have had i in is it its known me my near no not of on or our over per some the ' +
    'this to under was we with within would like want wants please day days week weeks month months year years active area ' +
    'allergy allergic allergies history phase recent reported tendency treatment treatments'
  ).split(' '),
);
const WORD = /\p{Script=Han}+|[\p{Letter}\p{Mark}]+/gu;
const HAN = /\p{Script=Han}/u;
/** So many letters in common make two words one. */
const STEM = 6;

/** The words that count, each once; in a text of empty words only, all of them. */
export function wordsOf(text: string): string[] {
  let plain = text.normalize('NFKC').toLowerCase();
  for (const [name = '', ...others] of SAME)
    for (const other of others) plain = plain.replaceAll(other, ` ${name} `);
  const words = [...new Set(plain.match(WORD) ?? [])];
  const telling = words.filter((word) => !EMPTY.has(word) && (word.length > 1 || HAN.test(word)));
  return telling.length > 0 ? telling : words;
}

/** Whether two words mean the same as far as their letters tell. */
function isSameWord(one: string, other: string): boolean {
  if (one === other || `${one}s` === other || one === `${other}s`) return true;
  if (HAN.test(one) && HAN.test(other))
    return Math.min(one.length, other.length) > 1 && (one.includes(other) || other.includes(one));
  let common = 0;
  while (common < one.length && one[common] === other[common]) common += 1;
  return common >= STEM;
}

/** Which of the words are among the others. */
export function wordsAmong(words: readonly string[], others: readonly string[]): string[] {
  return words.filter((word) => others.some((other) => isSameWord(word, other)));
}
