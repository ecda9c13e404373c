/** Provinces (GB/T 2260) by the first two digits. */
const PROVINCE = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)/;
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_DIGITS = '10X98765432';

/**
 * Whether these 18 characters are a resident's identity number: a province, a day that was, and the check digit.
 *
 * @see GB 11643-1999; the check digit is ISO 7064 MOD 11-2
 */
export function isIdCard(text: string): boolean {
  if (!/^\d{17}[\dXx]$/.test(text) || !PROVINCE.test(text) || !wasDay(text.slice(6, 14))) return false;
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(text[index]), 0);
  return CHECK_DIGITS[sum % 11] === text[17].toUpperCase();
}

/** @param day `YYYYMMDD` */
function wasDay(day: string): boolean {
  const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6)].map(Number);
  const time = new Date(Date.UTC(year, month - 1, date));
  const isReal = time.getUTCMonth() === month - 1 && time.getUTCDate() === date;
  return isReal && year >= 1870 && time.getTime() <= Date.now();
}
