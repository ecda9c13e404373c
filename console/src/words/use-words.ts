import { createInstance } from 'i18next';
import { useCallback } from 'react';
import { initReactI18next, useTranslation } from 'react-i18next';
import type { Vocabulary } from './bilingual';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];
const i18n = createInstance();
const KEPT_AS = 'toolcrib.language';

export type Say<K extends string> = (key: K, values?: Readonly<Record<string, unknown>>) => string;

/** What the person chose, else what their browser asks for. */
function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AS);
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function beginWords(): void {
  // React escapes what it shows; here it would be escaped twice.
  void i18n.use(initReactI18next).init({
    lng: firstLanguage(),
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
    resources: {},
    keySeparator: false,
    nsSeparator: false,
  });
  document.documentElement.lang = language();
}

export function language(): Language {
  return i18n.language === 'zh' ? 'zh' : 'en';
}

export function changeLanguage(to: Language): void {
  localStorage.setItem(KEPT_AS, to);
  document.documentElement.lang = to;
  void i18n.changeLanguage(to);
}

/** The words of a page in the language of the person; the page is shown anew when that changes. */
export function useWords<K extends string>(vocabulary: Vocabulary<K>): Say<K> {
  know(vocabulary);
  const { t } = useTranslation(vocabulary.name);
  return useCallback((key, values) => t(key as string, values ?? {}), [t]);
}

/** The same outside of what React shows. */
export function say<K extends string>(
  vocabulary: Vocabulary<K>,
  key: K,
  values?: Readonly<Record<string, unknown>>,
): string {
  know(vocabulary);
  const name: string = key;
  return i18n.t(name, { ns: vocabulary.name, ...values });
}

function know({ name, words }: Vocabulary): void {
  if (i18n.hasResourceBundle('en', name)) return;
  for (const [index, code] of LANGUAGES.entries()) {
    const texts = Object.fromEntries(Object.entries(words).map(([key, pair]) => [key, pair[index]]));
    i18n.addResourceBundle(code, name, texts);
  }
}
