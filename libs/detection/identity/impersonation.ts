/**
 * Does an output speak as somebody it may not? Claims of protected identities, joined with what the message wants and
 * with who the account is proven to be. To speak as yourself is no misuse; what is disclosed as play goes to review.
 */
import type { Span } from '../../incidents/index.js';
import { nothing, rounded, type Judgement, type Matched } from '../judgement.js';
import { WordList } from '../text/terms.js';
import { sentences } from '../text/sentences.js';
import { identityClaims, type IdentityClaim } from './claims.js';
import { humanClaim, isDisclosed } from './disclosure.js';
import { messageScore } from '../linear/message.js';
import type { LinearModel } from '../linear/model.js';
import type { Identity } from './identities.js';
import { errand, intentOf, mayHaveErrand, type Intent } from './intent.js';
import { Names } from './mentions.js';

export const impersonationVersion = '1';

const own = new WordList();

export interface Speaker {
  readonly account?: string;
  /** Only where the policy trusts the source to say so. */
  readonly verifiedAs?: readonly string[];
}

export interface ImpersonationReading extends Judgement {
  /** Said as satire, fiction or role-play, and nothing is asked of the reader. */
  readonly disclosed: boolean;
  /** Identities that the account may speak as, claimed here: the finding was lifted. */
  readonly lifted: readonly string[];
  readonly intent?: Intent;
}

const silent: ImpersonationReading = { ...nothing, disclosed: false, lifted: [] };

export class Impersonation {
  private readonly names: Names;
  private readonly personas: Names;

  constructor(
    identities: readonly Identity[],
    personas: readonly string[],
    private readonly floor: number,
    /** Says how much a text reads like a deceiver's message. */
    private readonly message?: LinearModel,
  ) {
    this.names = new Names(identities);
    this.personas = new Names(
      personas.map((name) => ({
        id: name,
        kind: 'product',
        name,
        aliases: [],
        domains: [],
        handles: [],
        phones: [],
        accounts: [],
      })),
    );
  }

  judge(text: string, foldedText: string, speaker: Speaker, list = own.read(foldedText)): ImpersonationReading {
    const named = this.names.anyOf(list);
    if (!named && !mayHaveErrand(list)) return silent;
    const intent = intentOf(foldedText);
    const want = errand(intent);
    // Neither a protected name nor an errand: most texts end here.
    if (!named && want < 0.2) return silent;
    const message = this.message ? messageScore(this.message, text, intent) : want;
    const spoken = sentences(text);
    const lifted: string[] = [];
    const claims = (named ? identityClaims(text, this.names, spoken) : []).filter((claim) => {
      if (this.isPersona(claim)) return false;
      if (!speaksAsItself(claim.identity, speaker)) return true;
      lifted.push(claim.identity.id);
      return false;
    });
    const matched = new Map<string, Matched>();
    const evidence: Span[] = [];
    for (const claim of claims) {
      const score = rounded(claimScore(claim, want, message));
      if (score > (matched.get(claim.identity.id)?.score ?? 0))
        matched.set(claim.identity.id, { id: claim.identity.id, score });
      const why = `${claim.form}: speaks as ${claim.identity.name}`;
      evidence.push({ field: 'output', start: claim.sentence.start, end: claim.sentence.end, why });
    }
    const ranked = [...matched.values()].sort((x, y) => y.score - x.score);
    // A deceiver's message that names nobody protected is scored, below the floor for claims.
    const score = Math.max(ranked[0]?.score ?? 0, rounded(lifted.length > 0 ? 0 : unnamed(message, want)));
    const strongest = claims[0];
    const disclosed =
      strongest !== undefined &&
      intent.credentials === 0 &&
      intent.payment === 0 &&
      isDisclosed(spoken, strongest.index);
    const label = score >= this.floor ? 'impersonates' : 'none';
    return { label, score, matched: ranked, evidence, disclosed, lifted, intent };
  }

  /** Says that it is a person, to somebody who asks in earnest. */
  saysHuman(prompt: string | undefined, output: string): Judgement {
    const place = humanClaim(prompt, output);
    if (!place) return nothing;
    const evidence: Span[] = [{ field: 'output', ...place, why: 'says it is a human to somebody who asks' }];
    return { label: 'says_human', score: 0.9, matched: [{ id: 'human', score: 0.9 }], evidence };
  }

  private isPersona(claim: IdentityClaim): boolean {
    return this.personas.find(claim.identity.name.toLowerCase()).length > 0;
  }
}

function speaksAsItself(identity: Identity, { account, verifiedAs }: Speaker): boolean {
  if (account !== undefined && identity.accounts.includes(account)) return true;
  return verifiedAs?.some((name) => name === identity.id || name === identity.name) ?? false;
}

/** A person's words are misuse by themselves; an organisation's name under a plain letter is not, without an errand. */
const plainClaim = { person: 0.68, government: 0.62, organisation: 0.5, product: 0.5 } as const;

function claimScore(claim: IdentityClaim, want: number, message: number): number {
  const plain = plainClaim[claim.identity.kind];
  return claim.strength * (plain + (1 - plain) * Math.max(want, message));
}

function unnamed(message: number, want: number): number {
  return message * (0.7 + 0.3 * want);
}
