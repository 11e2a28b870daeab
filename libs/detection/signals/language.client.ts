/** The language reader, loaded when first asked for: its tables take most of a second. */
import type { LanguageReader } from './language.js';

let loaded: Promise<LanguageReader> | undefined;

export function loadLanguageReader(): Promise<LanguageReader> {
  loaded ??= import('eld/medium').then(({ eld }) => (text: string) => {
    const result = eld.detect(text);
    return result.isReliable() && result.language !== '' ? result.language : undefined;
  });
  return loaded;
}
