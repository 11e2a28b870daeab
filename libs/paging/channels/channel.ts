/** What every channel is: it takes one message for one contact and says what came of it, within the time it is given. */
import type { Contact } from '../plan.js';
import type { Outcome } from '../notification.js';
import type { Message, Notice } from '../render.js';

export interface Delivery {
  readonly notice: Notice;
  readonly message: Message;
  readonly contact: Contact;
  readonly attempt: number;
}

/** `unknown`: the message may have arrived although no answer came. */
export type Sent = Outcome & { readonly unknown?: boolean };

export interface Channel {
  /** Never throws; ends soon after `signal` is aborted. */
  send(delivery: Delivery, signal: AbortSignal): Promise<Sent>;
  close(): Promise<void>;
}
