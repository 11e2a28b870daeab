/** Figures as people read them. */

/** `1 record`, `2 records`. */
export function inWords(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** `12,345`. */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** `45 s`, `3 min`, `2.5 h`, `4 d`: two digits are enough to compare by. */
export function seconds(value: number): string {
  if (value < 10) return `${Math.round(value * 10) / 10} s`;
  if (value < 90) return `${Math.round(value)} s`;
  const minutes = value / 60;
  if (minutes < 90) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours * 10) / 10} h` : `${Math.round(hours / 24)} d`;
}

/** `62 % (41 to 79)`: never a share without how little it may mean. */
export function share(hits: number, total: number, { low, high }: { low: number; high: number }): string {
  if (total === 0) return 'none';
  const percent = (value: number) => Math.round(value * 100);
  return `${percent(hits / total)} % (${percent(low)} to ${percent(high)})`;
}

/** `+3`, `-2`, `=`. */
export function change(now: number, before: number): string {
  if (now === before) return '=';
  return now > before ? `+${number(now - before)}` : `-${number(before - now)}`;
}

/** `18 Nov, 05:00`. */
export function momentIn(timeZone: string, at: Date): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: '2-digit',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(at);
}
