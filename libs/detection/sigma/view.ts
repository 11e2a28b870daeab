/**
 * Tocsin's own events as rules see them: a flat record whose fields are made when a rule reads them. The lists here are
 * the fields that `tocsin check` knows and docs/rules.md explains.
 */
import type { Account, Event, FeedbackEvent, OutputEvent, VerdictEvent } from '../../events/index.js';
import type { Finding } from '../../incidents/index.js';
import { folded } from '../text/fold.js';

export type Category = 'output' | 'feedback' | 'verdict' | 'finding';

const day = 86_400_000;

abstract class View {
  readonly [name: string]: unknown;
}

/** Where a keyword, a text without a field, is looked for. */
export const keywordFields = [
  'output.text',
  'prompt.text',
  'tool_calls.name',
  'tool_calls.arguments',
  'comment.text',
  'reported.text',
  'explanation',
];

export function isView(record: object): boolean {
  return record instanceof View;
}

/**
 * Where a part of a folded text stands in the text itself, for evidence. Most texts differ from their folded form in case
 * alone; of a disguised one the answer is about right, and rather too wide than too narrow.
 */
export function unfoldedSpan(
  view: Readonly<Record<string, unknown>>,
  span: { readonly field: string; readonly start: number; readonly end: number; readonly why: string },
): typeof span {
  if (!span.field.endsWith('.folded')) return span;
  const field = `${span.field.slice(0, -'.folded'.length)}.text`;
  const [text, shorter] = [view[field], view[span.field]];
  if (typeof text !== 'string' || typeof shorter !== 'string') return span;
  if (text.length === shorter.length) return { ...span, field };
  const ratio = text.length / Math.max(shorter.length, 1);
  const slack = Math.min(20, Math.abs(text.length - shorter.length));
  const start = Math.max(0, Math.floor(Math.min(span.start, span.start * ratio)) - slack);
  const end = Math.min(text.length, Math.ceil(Math.max(span.end, span.end * ratio)) + slack);
  return { ...span, field, start: Math.min(start, end), end };
}

type Getters<T> = Readonly<Record<string, (event: T) => unknown>>;

const accountFields = <T>(of: (event: T) => Account, at: (event: T) => number): Getters<T> => ({
  'account.id': (event) => of(event).id,
  'account.organization': (event) => of(event).organization,
  'account.end_user': (event) => of(event).endUser,
  'account.audience': (event) => of(event).audience,
  'account.verified_as': (event) => of(event).verifiedAs,
  'account.created_at': (event) => {
    const { createdAt } = of(event);
    return createdAt === undefined ? undefined : new Date(createdAt).toISOString();
  },
  'account.age_days': (event) => {
    const { createdAt } = of(event);
    return createdAt === undefined ? undefined : Math.floor((at(event) - createdAt) / day);
  },
});

const time = (at: number) => new Date(at).toISOString();

const outputFields: Getters<OutputEvent> = {
  'output.text': (event) => event.output,
  'output.folded': (event) => folded(event.output),
  'output.length': (event) => event.output.length,
  'output.cut': (event) => event.cut,
  'prompt.text': (event) => event.prompt,
  'prompt.folded': (event) => (event.prompt === undefined ? undefined : folded(event.prompt)),
  'tool_calls.name': (event) => (event.toolCalls.length > 0 ? event.toolCalls.map(({ name }) => name) : undefined),
  'tool_calls.arguments': (event) =>
    event.toolCalls.length > 0 ? event.toolCalls.map((call) => call.arguments) : undefined,
  'tool_calls.count': (event) => event.toolCalls.length,
  'model.name': (event) => event.model,
  'model.version': (event) => event.version,
  stage: (event) => event.stage,
  conversation: (event) => event.conversation,
  language: (event) => event.language,
  group: (event) => event.group,
  purpose: (event) => event.purpose,
  finish_reason: (event) => event.finishReason,
  source: (event) => event.source,
  id: (event) => event.id,
  time: (event) => time(event.at),
  ...accountFields<OutputEvent>(
    (event) => event.account,
    (event) => event.at,
  ),
  ...Object.fromEntries(
    ['content_filter', 'moderation_api', 'rate_limit'].flatMap((protocol) =>
      (['ran', 'flagged', 'score'] as const).map((part) => [
        `safety.${protocol}.${part}`,
        (event: OutputEvent) => event.safety[protocol]?.[part],
      ]),
    ),
  ),
};
const outputNames: Getters<OutputEvent> = {
  ...outputFields,
  'output.tool_calls.name': outputFields['tool_calls.name']!,
  'output.tool_calls.arguments': outputFields['tool_calls.arguments']!,
};

const feedbackFields: Getters<FeedbackEvent> = {
  'comment.text': (event) => event.comment,
  'comment.folded': (event) => (event.comment === undefined ? undefined : folded(event.comment)),
  rating: (event) => event.rating,
  category: (event) => event.category,
  'output.id': (event) => event.output.id,
  'output.source': (event) => event.output.source,
  'reported.text': (event) => event.reported?.text,
  'reported.model': (event) => event.reported?.model,
  'reported.stage': (event) => event.reported?.stage,
  'reported.account': (event) => event.reported?.account,
  source: (event) => event.source,
  id: (event) => event.id,
  time: (event) => time(event.at),
  ...accountFields<FeedbackEvent>(
    (event) => event.account,
    (event) => event.at,
  ),
};

const verdictFields: Getters<VerdictEvent> = {
  detector: (event) => event.detector,
  label: (event) => event.label,
  score: (event) => event.score,
  explanation: (event) => event.explanation,
  reviewer: (event) => event.reviewer,
  'output.id': (event) => event.output.id,
  'output.source': (event) => event.output.source,
  source: (event) => event.source,
  id: (event) => event.id,
  time: (event) => time(event.at),
};

const findingFields: Getters<Finding> = {
  'finding.detector': (finding) => finding.detector,
  'finding.rule': (finding) => finding.rule,
  'finding.title': (finding) => finding.title,
  'finding.label': (finding) => finding.label,
  'finding.score': (finding) => finding.score,
  'finding.level': (finding) => finding.level,
  'finding.matched': (finding) => finding.matched,
  'finding.review_only': (finding) => finding.reviewOnly,
  'finding.shadow': (finding) => finding.shadow,
  'output.id': (finding) => finding.event?.id,
  'output.source': (finding) => finding.event?.source,
  'account.id': (finding) => finding.subject.account,
  'account.organization': (finding) => finding.subject.organization,
  'account.end_user': (finding) => finding.subject.endUser,
  conversation: (finding) => finding.subject.conversation,
  'model.name': (finding) => finding.subject.model,
  'model.version': (finding) => finding.subject.version,
  stage: (finding) => finding.subject.stage,
  purpose: (finding) => finding.subject.purpose,
  time: (finding) => time(finding.at),
};

/** What a rule of `product: tocsin` and this category may read. */
export const viewFields: Readonly<Record<Category, readonly string[]>> = {
  output: Object.keys(outputNames),
  feedback: Object.keys(feedbackFields),
  verdict: Object.keys(verdictFields),
  finding: Object.keys(findingFields),
};

/** A class with a getter a field: values are made once, when first read. */
function viewClass<T>(fields: Getters<T>): new (event: T) => View {
  class Made extends View {
    readonly #event: T;
    readonly #values = new Map<string, unknown>();
    constructor(event: T) {
      super();
      this.#event = event;
    }
    static read(view: Made, name: string, make: (event: T) => unknown): unknown {
      if (view.#values.has(name)) return view.#values.get(name);
      const value = make(view.#event);
      view.#values.set(name, value);
      return value;
    }
  }
  for (const [name, make] of Object.entries(fields)) {
    Object.defineProperty(Made.prototype, name, {
      get(this: Made) {
        return Made.read(this, name, make);
      },
      enumerable: true,
    });
  }
  return Made;
}

const OutputView = viewClass(outputNames);
const FeedbackView = viewClass(feedbackFields);
const VerdictView = viewClass(verdictFields);
const FindingView = viewClass(findingFields);

export function viewOf(event: Event): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case 'output':
      return new OutputView(event);
    case 'feedback':
      return new FeedbackView(event);
    case 'verdict':
      return new VerdictView(event);
  }
}

export function viewOfFinding(finding: Finding): Readonly<Record<string, unknown>> {
  return new FindingView(finding);
}
