import type { Node } from '@babel/types';

const skipped = new Set(['loc', 'start', 'end', 'range', 'leadingComments', 'trailingComments', 'innerComments', 'extra', 'tokens', 'errors', 'comments']);

/** Child nodes in source order. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (skipped.has(key) || value === null || typeof value !== 'object') continue;
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item);
    } else if (isNode(value)) children.push(value);
  }
  return children;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** `a.b.c` of a member chain, with `require('x')` as `require:x` and computed strings resolved; undefined for anything else. */
export function chainOf(node: Node | null | undefined): string | undefined {
  if (node === null || node === undefined) return undefined;
  switch (node.type) {
    case 'Identifier':
      return node.name;
    case 'ThisExpression':
      return 'this';
    case 'MetaProperty':
      return `${node.meta.name}.${node.property.name}`;
    case 'MemberExpression':
    case 'OptionalMemberExpression': {
      const object = chainOf(node.object);
      const property = node.computed ? literalText(node.property) : node.property.type === 'Identifier' ? node.property.name : undefined;
      return object === undefined || property === undefined ? undefined : `${object}.${property}`;
    }
    case 'CallExpression':
    case 'OptionalCallExpression': {
      const [first] = node.arguments;
      const name = chainOf(node.callee);
      if (name === 'require' && first !== undefined) {
        const text = literalText(first as Node);
        return text === undefined ? undefined : `require:${text.replace(/^node:/, '')}`;
      }
      return undefined;
    }
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return chainOf(node.expression);
    case 'SequenceExpression':
      // (0, x.y)(…)
      return chainOf(node.expressions.at(-1));
    case 'AwaitExpression':
      return chainOf(node.argument);
    default:
      return undefined;
  }
}

/** Text of a constant string expression: literals, templates without holes, and concatenations of them. */
export function literalText(node: Node | null | undefined): string | undefined {
  if (node === null || node === undefined) return undefined;
  switch (node.type) {
    case 'StringLiteral':
      return node.value;
    case 'TemplateLiteral': {
      const parts: string[] = [];
      for (let index = 0; index < node.quasis.length; index++) {
        parts.push(node.quasis[index]?.value.cooked ?? '');
        const hole = node.expressions[index];
        if (hole === undefined) continue;
        const text = literalText(hole as Node);
        if (text === undefined) return undefined;
        parts.push(text);
      }
      return parts.join('');
    }
    case 'BinaryExpression': {
      if (node.operator !== '+') return undefined;
      const left = literalText(node.left as Node);
      const right = left === undefined ? undefined : literalText(node.right);
      return right === undefined ? undefined : `${left}${right}`;
    }
    case 'ParenthesizedExpression':
      return literalText(node.expression);
    default:
      return undefined;
  }
}
