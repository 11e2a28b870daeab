/** Metrics stand where the fact happens: a module declares its own here and they share one registry. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, register } from 'prom-client';

collectDefaultMetrics();

/** Names begin with `tocsin_` and end with the unit, as Prometheus asks; declaring a name twice gives the same metric. */
export function counter<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Counter<Label> {
  return (
    (register.getSingleMetric(name) as Counter<Label> | undefined) ??
    new Counter({ name, help, labelNames: [...labelNames] })
  );
}

export function gauge<Label extends string>(
  name: string,
  help: string,
  labelNames: readonly Label[] = [],
): Gauge<Label> {
  return (
    (register.getSingleMetric(name) as Gauge<Label> | undefined) ??
    new Gauge({ name, help, labelNames: [...labelNames] })
  );
}

export function histogram<Label extends string>(
  name: string,
  help: string,
  buckets: readonly number[],
  labelNames: readonly Label[] = [],
): Histogram<Label> {
  return (
    (register.getSingleMetric(name) as Histogram<Label> | undefined) ??
    new Histogram({ name, help, buckets: [...buckets], labelNames: [...labelNames] })
  );
}

/** The exposition text and its content type, for GET /metrics. */
export async function metricsText(): Promise<{ contentType: string; body: string }> {
  return { contentType: register.contentType, body: await register.metrics() };
}
