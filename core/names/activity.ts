/** An activity: a live value that may not be known yet, or may have failed, as every answer of a namer may. */
import { type Equals, Live } from './live.ts';

/** What is known of a value: not yet anything, that it cannot be had and why, or the value. */
export type State<T> =
  | { readonly state: 'pending' }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'ok'; readonly value: T };

/** A live {@link State}. */
export type Activity<T> = Live<State<T>>;

export const PENDING = { state: 'pending' } as const;

export function failed(message: string): State<never> {
  return { state: 'failed', message };
}

export function ok<T>(value: T): State<T> {
  return { state: 'ok', value };
}

/** Equality of states from that of their values. */
export function sameState<T>(equals: Equals<T>): Equals<State<T>> {
  return (a, b) => {
    if (a.state === 'ok') return b.state === 'ok' && equals(a.value, b.value);
    if (a.state === 'failed') return b.state === 'failed' && a.message === b.message;
    return a.state === b.state;
  };
}

/** The activity that `select` names for each value; pending and failed states pass as they are. */
export function flatMapOk<T, U>(activity: Activity<T>, select: (value: T) => Activity<U>): Activity<U> {
  return activity.flatMap((state) => (state.state === 'ok' ? select(state.value) : Live.of<State<U>>(state)));
}
