import {
  createTheme,
  TableScrollContainer,
  type CSSVariablesResolver,
  type MantineColor,
} from '@mantine/core';

const COLORS: readonly MantineColor[] = [
  'blue',
  'cyan',
  'gray',
  'grape',
  'green',
  'indigo',
  'orange',
  'red',
  'teal',
  'violet',
  'yellow',
];

export const theme = createTheme({
  primaryColor: 'cyan',
  primaryShade: { light: 9, dark: 9 },
  defaultRadius: 'md',
  fontFamily:
    'Inter, ui-sans-serif, system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // What scrolls is reached by the keyboard.
    TableScrollContainer: TableScrollContainer.extend({ defaultProps: { type: 'native', tabIndex: 0 } }),
  },
});

const tint = (shade: number) =>
  Object.fromEntries(
    COLORS.map((color) => [`--mantine-color-${color}-light-color`, `var(--mantine-color-${color}-${shade})`]),
  );

/** Text on its tint is as dark, or as light, as WCAG 2.2 AA asks for; Mantine's own shades are not. */
export const variables: CSSVariablesResolver = () => {
  return {
    variables: {},
    light: {
      ...tint(9),
      '--mantine-color-yellow-light-color': '#7a4100',
      '--mantine-color-orange-light-color': '#8f3a00',
      '--mantine-color-green-light-color': '#1b5e2a',
      '--mantine-color-teal-light-color': '#065c47',
      '--mantine-color-red-light-color': '#a51111',
      '--mantine-color-dimmed': '#545b63',
      '--mantine-color-placeholder': '#686f76',
      '--mantine-color-anchor': 'var(--mantine-color-cyan-9)',
      '--mantine-color-error': '#b42318',
      '--toolcrib-surface': '#f6f8f9',
      '--toolcrib-line': '#e9ecef',
      '--mantine-color-cyan-light': '#e1f3f6',
      '--mantine-color-cyan-light-hover': '#d2ecf1',
    },
    dark: {
      ...tint(2),
      '--mantine-color-dimmed': '#a6adb4',
      '--mantine-color-placeholder': '#949ba2',
      '--mantine-color-anchor': 'var(--mantine-color-cyan-4)',
      '--mantine-color-error': '#ff8787',
      '--toolcrib-surface': 'var(--mantine-color-dark-8)',
      '--toolcrib-line': 'var(--mantine-color-dark-5)',
    },
  };
};
