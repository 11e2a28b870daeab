/** A line a second on stderr for long work: how much is done, and how long the rest will take at this pace. */

export class Progress {
  private readonly begun = performance.now();
  private told = 0;
  private done = 0;

  constructor(
    private readonly what: string,
    private readonly total: number,
  ) {}

  add(count: number): void {
    this.done += count;
    const now = performance.now();
    if (now - this.told < 1_000) return;
    this.told = now;
    process.stderr.write(`${this.line(now)}\n`);
  }

  end(): void {
    process.stderr.write(`${this.line(performance.now())}\n`);
  }

  private line(now: number): string {
    const seconds = (now - this.begun) / 1_000;
    const share = this.total === 0 ? 1 : Math.min(1, this.done / this.total);
    const left = share === 0 || share === 1 ? '' : `, ${Math.ceil((seconds / share) * (1 - share))} s left`;
    return `${this.done} of ${this.total} ${this.what} (${Math.floor(share * 100)} %)${left}`;
  }
}
