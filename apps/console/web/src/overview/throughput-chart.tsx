/** Outputs and findings a minute, drawn live; the same figures stand in words beneath for whoever sees no drawing. */
import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import type { Overview } from '../client';

const height = 220;
const minuteMs = 60_000;
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const colours = {
  light: { text: '#495057', grid: '#dee2e6', outputs: '#3b5bdb', findings: '#c92a2a' },
  dark: { text: '#c9c9c9', grid: '#3a3a3a', outputs: '#91a7ff', findings: '#ff8787' },
} as const;

export function ThroughputChart({ points, at }: { points: Overview['throughput']; at: string }) {
  const scheme = useComputedColorScheme('light');
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const data = useMemo(() => seriesOf(points, at), [points, at]);
  const newest = useRef(data);
  newest.current = data;

  useEffect(() => {
    if (!place.current || width === 0) return;
    plot.current = new uPlot(optionsOf(width, colours[scheme]), newest.current, place.current);
    return () => plot.current?.destroy();
  }, [width, scheme]);
  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <div ref={ref}>
      <div ref={place} role="img" aria-label={wordsOf(points)} style={{ minHeight: height }} />
      <Text size="sm" mt={4}>
        <span className="key" style={{ background: colours[scheme].outputs }} /> outputs a minute (left){' '}
        <span className="key" style={{ background: colours[scheme].findings }} /> findings a minute (right)
      </Text>
      <Text size="xs" c="dimmed">
        {wordsOf(points)}
      </Text>
    </div>
  );
}

/** A point for each minute of the hour; a minute that nobody counted is zero. The API's minutes begin at any second. */
function seriesOf(points: Overview['throughput'], at: string): [number[], number[], number[]] {
  const counted = new Map(points.map((point) => [Math.ceil(Date.parse(point.at) / minuteMs) * minuteMs, point]));
  const last = Math.floor(Date.parse(at) / minuteMs) * minuteMs;
  const minutes = Array.from({ length: 60 }, (_, index) => last - (59 - index) * minuteMs);
  return [
    minutes.map((minute) => minute / 1_000),
    minutes.map((minute) => counted.get(minute)?.outputs ?? 0),
    minutes.map((minute) => counted.get(minute)?.findings ?? 0),
  ];
}

function wordsOf(points: Overview['throughput']): string {
  const outputs = points.reduce((sum, point) => sum + point.outputs, 0);
  const findings = points.reduce((sum, point) => sum + point.findings, 0);
  return `${outputs.toLocaleString()} outputs and ${findings.toLocaleString()} findings in the last hour.`;
}

interface Colours {
  readonly text: string;
  readonly grid: string;
  readonly outputs: string;
  readonly findings: string;
}

function optionsOf(width: number, colour: Colours): uPlot.Options {
  const axis = {
    stroke: colour.text,
    grid: { stroke: colour.grid, width: 1 },
    ticks: { stroke: colour.grid, width: 1 },
  };
  const fromZero: uPlot.Range.Function = (_, __, most) => [0, Math.max(most ?? 0, 5) * 1.1];
  return {
    width,
    height,
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { time: true }, outputs: { range: fromZero }, findings: { range: fromZero } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((seconds) => timeOfDay.format(seconds * 1_000)) },
      { ...axis, scale: 'outputs', size: 56 },
      { ...axis, scale: 'findings', side: 1, size: 44, grid: { show: false } },
    ],
    series: [
      {},
      { scale: 'outputs', stroke: colour.outputs, width: 2, points: { show: false } },
      { scale: 'findings', stroke: colour.findings, width: 2, points: { show: false } },
    ],
  };
}
