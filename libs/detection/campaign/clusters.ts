/**
 * Which texts belong together? Each new text is compared with the clusters it shares a band with, joins the nearest,
 * and merges those that it bridges. A cluster keeps a few of its texts and their middle, so memory is bounded by the
 * number of clusters; the oldest are let go.
 */
import { bandsOf, cosine, middle, type Vector } from './vector.js';

export interface ClusterLimits {
  /** A text joins a cluster from this likeness on. */
  readonly join: number;
  /** Two clusters become one when their middles are this alike. */
  readonly merge: number;
  readonly exemplars: number;
  readonly clusters: number;
}

export const usualLimits: ClusterLimits = { join: 0.37, merge: 0.5, exemplars: 8, clusters: 20_000 };

export interface Cluster {
  /** The smallest id of all that were merged. */
  id: string;
  readonly exemplars: Vector[];
  centre: Vector;
  size: number;
}

export interface Placed {
  readonly cluster: string;
  /** Ids that are no more: their texts belong to `cluster` now. */
  readonly merged: readonly string[];
  /** Likeness to the cluster joined; 1 for the first of its kind. */
  readonly likeness: number;
}

export class Clusters {
  private readonly byId = new Map<string, Cluster>();
  private readonly buckets = new Map<number, Set<Cluster>>();

  constructor(private readonly limits: ClusterLimits = usualLimits) {}

  get size(): number {
    return this.byId.size;
  }

  get(id: string): Cluster | undefined {
    return this.byId.get(id);
  }

  /** Puts a text into its cluster; `id` names a new cluster where it has none. */
  place(id: string, vector: Vector): Placed {
    const bands = bandsOf(vector);
    const near = this.candidates(bands, vector);
    const best = near[0];
    if (!best) {
      const cluster: Cluster = { id, exemplars: [vector], centre: vector, size: 1 };
      this.byId.set(id, cluster);
      this.index(cluster, bands);
      this.forget();
      return { cluster: id, merged: [], likeness: 1 };
    }
    const merged: string[] = [];
    let { cluster } = best;
    for (const other of near.slice(1)) {
      if (cosine(cluster.centre, other.cluster.centre) < this.limits.merge) continue;
      const [kept, gone] = cluster.id < other.cluster.id ? [cluster, other.cluster] : [other.cluster, cluster];
      this.absorb(kept, gone);
      merged.push(gone.id);
      cluster = kept;
    }
    this.grow(cluster, vector, bands);
    return { cluster: cluster.id, merged, likeness: best.likeness };
  }

  /** Puts back what was stored: a text whose cluster is known. */
  restore(id: string, vector: Vector): void {
    const known = this.byId.get(id);
    const bands = bandsOf(vector);
    if (known) return this.grow(known, vector, bands);
    const cluster: Cluster = { id, exemplars: [vector], centre: vector, size: 1 };
    this.byId.set(id, cluster);
    this.index(cluster, bands);
  }

  private candidates(bands: Int32Array, vector: Vector): { cluster: Cluster; likeness: number }[] {
    const seen = new Set<Cluster>();
    for (const band of bands) for (const cluster of this.buckets.get(band) ?? []) seen.add(cluster);
    return [...seen]
      .map((cluster) => ({ cluster, likeness: likeness(cluster, vector) }))
      .filter((one) => one.likeness >= this.limits.join)
      .sort((x, y) => y.likeness - x.likeness || (x.cluster.id < y.cluster.id ? -1 : 1));
  }

  private grow(cluster: Cluster, vector: Vector, bands: Int32Array): void {
    cluster.size++;
    // What is already in it word for word teaches nothing.
    if (cluster.exemplars.some((exemplar) => cosine(exemplar, vector) > 0.995)) return;
    if (cluster.exemplars.length >= this.limits.exemplars) return;
    cluster.exemplars.push(vector);
    cluster.centre = middle(cluster.exemplars);
    this.index(cluster, bands);
  }

  private absorb(kept: Cluster, gone: Cluster): void {
    for (const exemplar of gone.exemplars) this.index(kept, bandsOf(exemplar));
    for (const exemplar of gone.exemplars) {
      if (kept.exemplars.length < this.limits.exemplars * 2) kept.exemplars.push(exemplar);
    }
    kept.centre = middle(kept.exemplars);
    kept.size += gone.size;
    this.drop(gone);
  }

  private index(cluster: Cluster, bands: Int32Array): void {
    for (const band of bands) {
      const bucket = this.buckets.get(band);
      if (bucket) bucket.add(cluster);
      else this.buckets.set(band, new Set([cluster]));
    }
  }

  private drop(cluster: Cluster): void {
    this.byId.delete(cluster.id);
    for (const exemplar of cluster.exemplars) {
      for (const band of bandsOf(exemplar)) {
        const bucket = this.buckets.get(band);
        bucket?.delete(cluster);
        if (bucket?.size === 0) this.buckets.delete(band);
      }
    }
  }

  private forget(): void {
    if (this.byId.size <= this.limits.clusters) return;
    const oldest = this.byId.values().next().value;
    if (oldest) this.drop(oldest);
  }
}

/** Half to the middle, half to the nearest text: a chain of neighbours does not run away from its middle. */
function likeness(cluster: Cluster, vector: Vector): number {
  let nearest = 0;
  for (const exemplar of cluster.exemplars) nearest = Math.max(nearest, cosine(exemplar, vector));
  return 0.5 * nearest + 0.5 * cosine(cluster.centre, vector);
}

/** Clusters a whole list at once, as `cluster` does: a second look joins what the order of reading kept apart. */
export function clusterAll(
  texts: readonly { readonly id: string; readonly vector: Vector }[],
  limits: ClusterLimits = usualLimits,
): Map<string, string> {
  const clusters = new Clusters({ ...limits, clusters: Number.POSITIVE_INFINITY });
  const moved = new Map<string, string>();
  const first = texts.map(({ id, vector }) => {
    const placed = clusters.place(id, vector);
    for (const gone of placed.merged) moved.set(gone, placed.cluster);
    return placed.cluster;
  });
  const settle = (id: string): string => {
    let at = id;
    for (let next = moved.get(at); next !== undefined && next !== at; next = moved.get(at)) at = next;
    return at;
  };
  return new Map(texts.map(({ id }, at) => [id, settle(first[at] ?? id)]));
}
