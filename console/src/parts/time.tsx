import { Text, Tooltip } from '@mantine/core';
import { language } from '../words/use-words';
import { common } from '../words/common';
import { useWords } from '../words/use-words';

const SHORT: Intl.DateTimeFormatOptions = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
};

const locale = () => (language() === 'zh' ? 'zh-CN' : undefined);

/** A moment in the reader's zone; UTC when they point at it. */
export function Time({ at }: { readonly at: string | null | undefined }) {
  const say = useWords(common);
  if (!at)
    return (
      <Text span inherit c="dimmed">
        {say('never')}
      </Text>
    );
  return (
    <Tooltip label={new Date(at).toISOString().replace('T', ' ').replace('Z', ' UTC')} openDelay={300}>
      <time dateTime={at}>{timeText(at)}</time>
    </Tooltip>
  );
}

export function timeText(at: string): string {
  return new Date(at).toLocaleString(locale(), SHORT);
}

export function numberText(value: number | null | undefined, digits = 0): string {
  return value === null || value === undefined
    ? '–'
    : value.toLocaleString(locale(), { maximumFractionDigits: digits });
}

export function percentText(share: number | null | undefined): string {
  return share === null || share === undefined
    ? '–'
    : share.toLocaleString(locale(), { style: 'percent', maximumFractionDigits: 1 });
}

/** @param ms Milliseconds. */
export function durationText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${numberText(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${numberText(ms / 1000, 1)} s`;
  if (ms < 3_600_000) return `${numberText(ms / 60_000, 1)} min`;
  if (ms < 86_400_000) return `${numberText(ms / 3_600_000, 1)} h`;
  return `${numberText(ms / 86_400_000, 1)} d`;
}

export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${numberText(value, value < 10 ? 1 : 0)} ${units[unit]}`;
}
