/** A report as what is sent and printed: subject, text, HTML and the chart that the HTML shows. */
import { drawChart } from './chart.js';
import { htmlOf } from './html.js';
import { layOut } from './layout.js';
import type { Report } from './report.js';
import { textOf } from './text.js';

/** The chart's Content-ID in a mail, and its mark in stored HTML. */
export const chartId = 'chart@tocsin';

export interface Rendered {
  readonly subject: string;
  readonly text: string;
  /** Its image is `cid:chart@tocsin`; `inFile` puts the picture itself there. */
  readonly html: string;
  /** PNG; absent where there was nothing to draw. */
  readonly chart?: Buffer;
}

export async function render(report: Report): Promise<Rendered> {
  const page = layOut(report);
  const chart = await drawChart(report);
  return {
    subject: page.subject,
    text: textOf(page),
    html: htmlOf(page, chart && `cid:${chartId}`),
    ...(chart && { chart }),
  };
}

/** The HTML with its picture inside, for a file or a browser. */
export function inFile(html: string, chart: Buffer | null | undefined): string {
  return chart ? html.replace(`cid:${chartId}`, `data:image/png;base64,${chart.toString('base64')}`) : html;
}
