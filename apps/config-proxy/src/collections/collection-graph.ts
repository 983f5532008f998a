/** A collection as the graph of limits, includes and excludes sees it. */
export interface GraphNode {
  readonly id: string;
  /** Collections whose members it is made of. */
  readonly dependsOn: readonly string[];
}

/**
 * Every collection after those that it depends on. What is unknown is passed over.
 * @throws CircleError
 */
export function inDependencyOrder<T extends GraphNode>(nodes: Iterable<T>): T[] {
  const byId = new Map([...nodes].map((node) => [node.id, node]));
  const ordered: T[] = [];
  const state = new Map<string, 'entered' | 'done'>();
  // An explicit stack: a chain of a thousand collections must not exhaust the call stack.
  for (const start of byId.values()) {
    const path: { readonly node: T; next: number }[] = [];
    const enter = (node: T): void => {
      if (state.get(node.id) === 'done') return;
      if (state.get(node.id) === 'entered') throw circleAt(node.id, path);
      state.set(node.id, 'entered');
      path.push({ node, next: 0 });
    };
    enter(start);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const dependency = step.node.dependsOn[step.next];
      step.next += 1;
      if (dependency === undefined) {
        state.set(step.node.id, 'done');
        ordered.push(step.node);
        path.pop();
      } else {
        const node = byId.get(dependency);
        if (node !== undefined) enter(node);
      }
    }
  }
  return ordered;
}

/** Collections depend on each other in a circle. */
export class CircleError extends Error {
  override readonly name = 'CircleError';

  /** @param path ids, the first and the last one the same */
  constructor(readonly path: readonly string[]) {
    super(`Circle: ${path.join(' → ')}`);
  }
}

function circleAt(id: string, path: readonly { readonly node: GraphNode }[]): CircleError {
  const ids = path.map(({ node }) => node.id);
  return new CircleError([...ids.slice(ids.indexOf(id)), id]);
}

/** The collections themselves and all that depend on them, however indirectly. */
export function withDependents(ordered: readonly GraphNode[], ids: Iterable<string>): Set<string> {
  const found = new Set(ids);
  for (const { id, dependsOn } of ordered)
    if (dependsOn.some((dependency) => found.has(dependency))) found.add(id);
  return found;
}

/** The collections themselves and all whose members they are made of, however indirectly. */
export function withDependencies(ordered: readonly GraphNode[], ids: Iterable<string>): Set<string> {
  const found = new Set(ids);
  for (const { id, dependsOn } of ordered.toReversed())
    if (found.has(id)) for (const dependency of dependsOn) found.add(dependency);
  return found;
}
