import type { FunctionDeclaration, Node, Statement } from '@babel/types';

/** Names that exist before the first statement of a block runs. */
export interface Declarations {
  names: readonly string[];
  functions: readonly FunctionDeclaration[];
}

/** Names that a pattern binds. */
export function boundNames(pattern: Node | null | undefined, into: string[] = []): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      into.push(pattern.name);
      break;
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        boundNames(property.type === 'RestElement' ? property.argument : property.value, into);
      }
      break;
    case 'ArrayPattern':
      for (const element of pattern.elements) boundNames(element, into);
      break;
    case 'AssignmentPattern':
      boundNames(pattern.left, into);
      break;
    case 'RestElement':
      boundNames(pattern.argument, into);
      break;
    case 'TSParameterProperty':
      boundNames(pattern.parameter, into);
      break;
    default:
      break;
  }
  return into;
}

/** Hoisted names, found once per node. */
export class Hoisting {
  readonly #blocks = new WeakMap<Node, Declarations>();
  readonly #functions = new WeakMap<Node, readonly string[]>();

  /** `let`, `const`, classes and functions of one list of statements. */
  ofBlock(owner: Node, statements: readonly Node[]): Declarations {
    const known = this.#blocks.get(owner);
    if (known !== undefined) return known;
    const names: string[] = [];
    const functions: FunctionDeclaration[] = [];
    for (const statement of statements) {
      const node = isExport(statement) && statement.declaration != null ? statement.declaration : statement;
      if (node.type === 'FunctionDeclaration') functions.push(node);
      else if (node.type === 'ClassDeclaration' && node.id != null) names.push(node.id.name);
      else if (node.type === 'VariableDeclaration' && node.kind !== 'var') {
        for (const { id } of node.declarations) boundNames(id, names);
      }
    }
    const declarations = { names, functions };
    this.#blocks.set(owner, declarations);
    return declarations;
  }

  /** `var` names of a function's or program's statements, inner functions left out. */
  ofFunction(owner: Node, statements: readonly Node[]): readonly string[] {
    const known = this.#functions.get(owner);
    if (known !== undefined) return known;
    const names: string[] = [];
    const open: (Node | null | undefined)[] = [...statements];
    while (open.length > 0) {
      const node = open.pop();
      if (node == null) continue;
      if (node.type === 'VariableDeclaration') {
        if (node.kind === 'var') for (const { id } of node.declarations) boundNames(id, names);
      } else open.push(...inner(node as Statement));
    }
    this.#functions.set(owner, names);
    return names;
  }
}

/** Statements inside a statement. */
function inner(node: Statement): (Node | null | undefined)[] {
  switch (node.type) {
    case 'BlockStatement':
      return node.body;
    case 'IfStatement':
      return [node.consequent, node.alternate];
    case 'ForStatement':
      return [node.init, node.body];
    case 'ForInStatement':
    case 'ForOfStatement':
      return [node.left, node.body];
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'LabeledStatement':
    case 'WithStatement':
      return [node.body];
    case 'TryStatement':
      return [node.block, node.handler?.body, node.finalizer];
    case 'SwitchStatement':
      return node.cases.flatMap((one) => one.consequent);
    case 'ExportNamedDeclaration':
      return [node.declaration];
    default:
      return [];
  }
}

function isExport(node: Node): node is Node & { type: 'ExportNamedDeclaration' | 'ExportDefaultDeclaration' } {
  return node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration';
}
