/** Reads a condition, `1 of selection_* and not filter`, to a tree. Of operators `not` binds most and `or` least. */

export type Condition =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly op: 'not'; readonly part: Condition }
  | { readonly op: 'name'; readonly name: string }
  /** So many of the named ones; with `*` in the pattern, or `them`. */
  | { readonly op: 'of'; readonly count: number | 'all'; readonly pattern: string };

export class ConditionError extends Error {}

/** Throws a ConditionError that says what was found and what was wanted. */
export function parseCondition(text: string): Condition {
  const tokens = text.match(/[()|]|[^\s()|]+/g) ?? [];
  let at = 0;
  let depth = 0;
  const word = () => tokens[at]?.toLowerCase();

  function either(): Condition {
    const parts = [both()];
    while (word() === 'or') {
      at++;
      parts.push(both());
    }
    return parts.length === 1 ? parts[0]! : { op: 'or', parts };
  }

  function both(): Condition {
    const parts = [negated()];
    while (word() === 'and') {
      at++;
      parts.push(negated());
    }
    return parts.length === 1 ? parts[0]! : { op: 'and', parts };
  }

  function negated(): Condition {
    let times = 0;
    for (; word() === 'not'; at++) times++;
    const part = single();
    return times % 2 === 0 ? part : { op: 'not', part };
  }

  function single(): Condition {
    const token = tokens[at];
    if (token === undefined) throw new ConditionError('found the end of the condition, wanted a search identifier');
    if (token === '(') {
      at++;
      if (++depth > 100) throw new ConditionError('found parentheses nested more than 100 deep');
      const inner = either();
      if (tokens[at] !== ')') throw new ConditionError(`found ${said(tokens[at])}, wanted a closing parenthesis`);
      at++;
      depth--;
      return inner;
    }
    if (token === ')' || token === '|' || ['and', 'or'].includes(token.toLowerCase())) {
      throw new ConditionError(`found "${token}", wanted a search identifier`);
    }
    at++;
    const count = countOf(token);
    if (count !== undefined && word() === 'of') {
      at++;
      const pattern = tokens[at++];
      if (pattern === undefined || '()|'.includes(pattern)) {
        throw new ConditionError(
          `found ${said(pattern)} behind "${token} of", wanted "them" or a name such as selection*`,
        );
      }
      return { op: 'of', count, pattern };
    }
    return { op: 'name', name: token };
  }

  const tree = either();
  if (tokens[at] === '|') {
    throw new ConditionError('found an aggregation behind "|", which Sigma 2 has as a correlation rule of its own');
  }
  if (at < tokens.length)
    throw new ConditionError(`found "${tokens[at]}", wanted and, or, or the end of the condition`);
  return tree;
}

function countOf(token: string): number | 'all' | undefined {
  const lower = token.toLowerCase();
  if (lower === 'all') return 'all';
  if (lower === 'any') return 1;
  return /^\d+$/.test(token) ? Number(token) : undefined;
}

function said(token: string | undefined): string {
  return token === undefined ? 'the end of the condition' : `"${token}"`;
}

/** Which of the names a pattern means: `them` is every one that does not begin with an underscore. */
export function namesOf(pattern: string, names: readonly string[]): string[] {
  if (pattern.toLowerCase() === 'them') return names.filter((name) => !name.startsWith('_'));
  const pieces = pattern.split('*').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const wanted = new RegExp(`^${pieces.join('.*')}$`, 's');
  return names.filter((name) => wanted.test(name));
}
