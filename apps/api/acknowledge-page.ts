/** The pages behind the link in a mail: no script, no content of any output, good on a phone and in the dark. */

export interface AcknowledgePage {
  readonly title: string;
  /** Plain sentences, each a paragraph. */
  readonly words: readonly string[];
  /** With a form that posts to the page's own address. */
  readonly button?: string;
}

export function renderPage({ title, words, button }: AcknowledgePage): string {
  const form =
    button === undefined ? '' : `<form method="post"><button type="submit">${escape(button)}</button></form>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} - Tocsin</title>
<style>
body { font: 18px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 34rem; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
button { font: inherit; font-weight: 600; width: 100%; padding: 1rem; border: 0; border-radius: .5rem; background: #0b5cad; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #ffb000; outline-offset: 2px; }
</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${words.map((sentence) => `<p>${escape(sentence)}</p>`).join('\n')}
${form}
</main>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
