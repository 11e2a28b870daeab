/**
 * The report's one chart, drawn without a browser: incidents by severity as columns, findings as a line. Its libraries
 * take half a second to load, so they are loaded at the first chart. A machine without a font gets the chart without its
 * words: the figures stand in the tables beside it.
 */
import { severities } from '../incidents/index.js';
import { columnsOf } from './period.js';
import type { Report } from './report.js';

const width = 720;
const height = 300;
const colours = { SEV1: '#b42318', SEV2: '#f79009', SEV3: '#2e90fa', SEV4: '#98a2b3', findings: '#475467' } as const;

/** PNG at twice its size, for sharp screens; undefined where there is nothing to draw. */
export async function drawChart(report: Report): Promise<Buffer | undefined> {
  if (report.series.length === 0) return undefined;
  const { Resvg } = await import('@resvg/resvg-js');
  const font = { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' };
  const probe = `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text x="2" y="15">0</text></svg>`;
  // Without any font a text has no extent.
  const readable = new Resvg(probe, { font }).getBBox() !== undefined;
  const svg = await chartSvg(report, readable);
  const picture = new Resvg(svg, { font, background: '#ffffff', fitTo: { mode: 'width', value: 2 * width } });
  return picture.render().asPng();
}

async function chartSvg(report: Report, words: boolean): Promise<string> {
  const [{ init, use }, { BarChart, LineChart }, { GridComponent, LegendComponent }, { SVGRenderer }] =
    await Promise.all([
      import('echarts/core'),
      import('echarts/charts'),
      import('echarts/components'),
      import('echarts/renderers'),
    ]);
  use([BarChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(optionsOf(report, words));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function optionsOf(report: Report, words: boolean) {
  const columns = columnsOf(report.period);
  const counts = (what: string) =>
    columns.map((_, column) => report.series.find((one) => one.column === column && one.what === what)?.count ?? 0);
  const axis = (name: string) => ({
    type: 'value' as const,
    name: words ? name : '',
    minInterval: 1,
    axisLabel: { show: words, color: '#475467', fontSize: 12 },
    nameTextStyle: { color: '#475467', fontSize: 12 },
  });
  const used = severities.filter((severity) => report.series.some(({ what }) => what === severity));
  return {
    animation: false,
    textStyle: { fontFamily: 'DejaVu Sans, sans-serif' },
    grid: {
      top: 64,
      left: 12,
      right: 12,
      bottom: 8,
      outerBoundsMode: 'same' as const,
      outerBoundsContain: 'axisLabel' as const,
    },
    legend: { show: words, top: 4, left: 0, itemGap: 16, textStyle: { color: '#1d2433', fontSize: 13 } },
    xAxis: {
      type: 'category' as const,
      data: labelsOf(report, columns),
      axisLabel: { show: words, color: '#475467', fontSize: 12 },
    },
    yAxis: [axis('incidents'), { ...axis('findings'), splitLine: { show: false } }],
    series: [
      ...used.map((severity) => ({
        name: severity,
        type: 'bar' as const,
        stack: 'incidents',
        barMaxWidth: 36,
        itemStyle: { color: colours[severity] },
        data: counts(severity),
      })),
      {
        name: 'findings',
        type: 'line' as const,
        yAxisIndex: 1,
        symbolSize: 6,
        lineStyle: { color: colours.findings, width: 2 },
        itemStyle: { color: colours.findings },
        data: counts('findings'),
      },
    ],
  };
}

function labelsOf({ period: { kind, timezone } }: Report, columns: readonly number[]): string[] {
  const format = new Intl.DateTimeFormat(
    'en-GB',
    kind === 'weekly'
      ? { timeZone: timezone, weekday: 'short', day: 'numeric' }
      : { timeZone: timezone, hour: '2-digit', minute: '2-digit' },
  );
  return columns.map((at) => format.format(at));
}
