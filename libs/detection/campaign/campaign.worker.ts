/**
 * Puts suspect findings into clusters, step by step: one transaction a step, under the campaign lock, so of many copies
 * one writes at a time and any of them can go on after a crash. A step that finds the lock taken does nothing.
 */
import type { Database, Tx } from '../../database/index.js';
import {
  Incidents,
  Recording,
  tocsin,
  type Correlation,
  type OpeningPolicy,
  type Outcome,
} from '../../incidents/index.js';
import type { Background } from '../text/background.js';
import { folded } from '../text/fold.js';
import { campaignCorrelation, campaignCorrelationId, campaignSignal } from './campaign.js';
import { Campaigns } from './campaigns.repository.js';
import { Clusters } from './clusters.js';
import { vectorOf } from './vector.js';

/** Detectors whose findings are texts of a kind that campaigns repeat. */
export const suspectDetectors = ['disinformation', 'compliance', 'impersonation', 'lookalike', 'harmful', 'rules'];
const suspectsPerStep = 500;

export interface CampaignOptions {
  readonly background: Background;
  /** Asked at each step, so that a new bundle counts at once. */
  readonly policy: () => OpeningPolicy;
  readonly bundle?: () => string | undefined;
  /** Escalates what was opened, in the same transaction. */
  readonly onOutcome?: (tx: Tx, outcome: Outcome) => Promise<void>;
  readonly accounts?: number;
}

export type StepResult =
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'done'; readonly placed: number; readonly merged: number; readonly more: boolean };

export class CampaignWorker {
  private readonly campaigns = new Campaigns();
  private readonly recording = new Recording();
  private readonly incidents = new Incidents();
  private readonly correlations: ReadonlyMap<string, Correlation>;
  private clusters = new Clusters();
  /** The step after which `clusters` is what the database says; undefined when it is not known. */
  private known: number | undefined;

  constructor(
    private readonly database: Database,
    private readonly options: CampaignOptions,
  ) {
    this.correlations = new Map([[campaignCorrelationId, campaignCorrelation(options.accounts)]]);
  }

  /** Errors leave the database as it was; the next step reads the clusters again. */
  async step(): Promise<StepResult> {
    let reached: number | undefined;
    try {
      const result = await this.database.transaction(async (tx): Promise<StepResult> => {
        if (!(await this.campaigns.lock(tx))) return { outcome: 'busy' };
        await this.catchUp(tx);
        const suspects = await this.campaigns.suspects(tx, suspectDetectors, suspectsPerStep);
        if (suspects.length === 0) {
          reached = this.known;
          return { outcome: 'done', placed: 0, merged: 0, more: false };
        }
        const merges: { gone: string; kept: string }[] = [];
        const placed = suspects.map((suspect) => {
          const vector = vectorOf(folded(suspect.text), this.options.background);
          const { cluster, merged } = this.clusters.place(suspect.finding, vector);
          for (const gone of merged) merges.push({ gone, kept: cluster });
          return { cluster, suspect };
        });
        await this.record(tx, placed, merges);
        reached = await this.campaigns.advance(tx);
        return {
          outcome: 'done',
          placed: placed.length,
          merged: merges.length,
          more: suspects.length === suspectsPerStep,
        };
      });
      this.known = reached;
      return result;
    } catch (error) {
      this.known = undefined;
      throw error;
    }
  }

  private async catchUp(tx: Tx): Promise<void> {
    const step = await this.campaigns.step(tx);
    if (this.known === step) return;
    this.clusters = new Clusters();
    for (const { cluster, text } of await this.campaigns.clustered(tx)) {
      this.clusters.restore(cluster, vectorOf(folded(text), this.options.background));
    }
    this.known = step;
  }

  /** In the order of every writer: findings, windows, incidents. */
  private async record(
    tx: Tx,
    placed: readonly {
      readonly cluster: string;
      readonly suspect: Parameters<typeof campaignSignal>[1] & { text: string };
    }[],
    merges: readonly { readonly gone: string; readonly kept: string }[],
  ): Promise<void> {
    const { background, bundle, policy, onOutcome } = this.options;
    // A merge can follow a merge: each text belongs where its cluster went in the end.
    const settled = placed.map(({ cluster, suspect }) => ({ cluster: settle(cluster, merges), suspect }));
    await this.campaigns.write(tx, background.version, placed);
    const signals = settled.map(({ cluster, suspect }) => campaignSignal(cluster, suspect));
    for (const { gone, kept } of merges) {
      const end = settle(kept, merges);
      for (const suspect of await this.campaigns.merge(tx, gone, kept)) signals.push(campaignSignal(end, suspect));
    }
    const name = bundle?.();
    const completions = await this.recording.completeWindows(tx, signals, this.correlations, name);
    const outcome = await this.recording.settle(tx, { findings: [], completions, policy: policy(), bundle: name });
    await this.joinIncidents(tx, merges);
    await onOutcome?.(tx, outcome);
  }

  /** Two incidents of what is now one cluster become one. */
  private async joinIncidents(
    tx: Tx,
    merges: readonly { readonly gone: string; readonly kept: string }[],
  ): Promise<void> {
    if (merges.length === 0) return;
    const open = await this.campaigns.openIncidents(
      tx,
      merges.flatMap(({ gone, kept }) => [gone, settle(kept, merges)]),
    );
    for (const { gone, kept } of merges) {
      const from = open.find(({ cluster }) => cluster === gone);
      const into = open.find(({ cluster }) => cluster === settle(kept, merges));
      if (from && into)
        await this.incidents.merge(tx, from.id, into.id, { ...tocsin, why: 'a text joined their clusters' });
    }
  }
}

function settle(cluster: string, merges: readonly { readonly gone: string; readonly kept: string }[]): string {
  let at = cluster;
  for (const { gone, kept } of merges) if (gone === at) at = kept;
  return at;
}
