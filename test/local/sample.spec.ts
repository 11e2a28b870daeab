/** The bundled sample: what it says stands in files, what names it is made at each play. */
import { makeEvents, readSample, type Line } from '../../deploy/local/sample/play.mjs';

const hits = readSample('hits.jsonl');
const nearMisses = readSample('near-misses.jsonl');

/** What can open an incident: an output nobody refers to, or an output with the feedback on it. */
function cases(lines: readonly Line[]): number {
  return lines.filter(({ topic }) => topic === 'tocsin.outputs').length;
}

test('the sample holds ten near misses for each hit', () => {
  expect(cases(hits)).toBeGreaterThan(0);
  expect(cases(nearMisses)).toBeGreaterThanOrEqual(10 * cases(hits));
});

test('the sample holds outputs and feedback, and feedback comes from three distinct aged reporters', () => {
  const reporters = hits
    .filter(({ topic }) => topic === 'tocsin.feedback')
    .map(({ data }) => data['account'] as { id: string; created_at: string });
  expect(new Set(reporters.map(({ id }) => id)).size).toBe(3);
  for (const { created_at } of reporters) expect(Date.parse(created_at)).toBeLessThan(Date.parse('2025-01-01'));
});

test('each play makes ids and times anew and no line brings its own', () => {
  for (const line of [...hits, ...nearMisses]) {
    expect(line).not.toHaveProperty('id');
    expect(line).not.toHaveProperty('time');
  }
  const idsOf = (now: number) =>
    [...makeEvents([...nearMisses, ...hits], now).values()].flat().map(({ id, time }) => `${id} ${time}`);
  const [first, second] = [idsOf(1_000_000_000_000), idsOf(1_000_000_000_000)];
  expect(new Set([...first, ...second]).size).toBe(2 * (hits.length + nearMisses.length));
});

test('feedback refers to the output that the same play made', () => {
  const events = makeEvents([...nearMisses, ...hits], Date.now());
  const outputs = new Set(events.get('tocsin.outputs')?.map(({ id, source }) => `${source} ${id}`));
  for (const { data } of events.get('tocsin.feedback') ?? []) {
    const { id, source } = data.output as { id: string; source: string };
    expect(outputs).toContain(`${source} ${id}`);
  }
});
