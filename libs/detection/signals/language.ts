/**
 * Prompt and output in different languages: a way round filters that read one of them. A weak sign, never a finding
 * alone: translation is ordinary.
 */

/** Answers an ISO 639-1 code where it is sure, else undefined. */
export type LanguageReader = (text: string) => string | undefined;

const leastLength = 60;
const asksTranslation =
  /\b(?:translat\w+|in (?:english|french|german|spanish|italian|portuguese|russian|chinese|arabic|hindi|japanese|korean|turkish|polish|dutch|swedish|norwegian|finnish|greek|latin|ukrainian)|into|language|traduc\w+|übersetz\w+|tradui\w+)\b/i;

/** 0 to 1; 0 where either text is too short to know, or where a translation was asked for. */
export function languageDifference(prompt: string | undefined, output: string, read: LanguageReader): number {
  if (!prompt || prompt.length < leastLength || output.length < leastLength || asksTranslation.test(prompt)) return 0;
  const asked = read(prompt.slice(0, 1000));
  const answered = read(output.slice(0, 1000));
  return asked !== undefined && answered !== undefined && asked !== answered ? 0.3 : 0;
}
