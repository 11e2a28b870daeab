/** A button pressed in Slack: checked by Slack's own signature, it carries the same token as the acknowledge link. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

const payload = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string(), username: z.string().optional(), name: z.string().optional() }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string().optional() })).min(1),
});

export type SlackPress =
  | { readonly outcome: 'acknowledge'; readonly token: string; readonly who: string }
  | { readonly outcome: 'ignored' }
  | { readonly outcome: 'forged' };

const tolerance = 5 * 60_000;

/** `body` is the request's body as it came: `payload=` and JSON, form-encoded. */
export function readSlackPress(
  request: { readonly timestamp: string; readonly signature: string; readonly body: string },
  signingSecrets: readonly string[],
  now: number,
): SlackPress {
  const { timestamp, signature, body } = request;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Number(timestamp) * 1_000 - now) > tolerance)
    return { outcome: 'forged' };
  const good = signingSecrets
    .map((secret) =>
      same(`v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`, signature),
    )
    .includes(true);
  if (!good) return { outcome: 'forged' };
  const read = payload.safeParse(parse(new URLSearchParams(body).get('payload') ?? ''));
  const pressed = read.data?.actions.find(({ action_id }) => action_id === 'tocsin_acknowledge');
  if (!read.data || pressed?.value === undefined) return { outcome: 'ignored' };
  const { user } = read.data;
  return { outcome: 'acknowledge', token: pressed.value, who: user.username ?? user.name ?? user.id };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function same(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
