import type { CallExpression, Expression, File, Function as FunctionNode, NewExpression, Node, Pattern } from '@babel/types';
import { evaluateCall, executeCall, isCredentialPath, isSecretName, type Label, networkCall, sendingMethod, type SinkKind, sourceCall } from './vocabulary.ts';
import { chainOf, childrenOf, literalText } from './walk.ts';

/** Where a label entered, or where it ended. */
export interface Place {
  file: string;
  line: number;
  column: number;
  what: string;
}

export interface Source extends Place {
  label: Label;
  /** Name of the variable or path, when one is known. */
  name?: string;
}

export interface Sink extends Place {
  kind: SinkKind;
  /** Constant host or URL among the arguments. */
  destination?: string;
}

export interface Flow {
  sink: Sink;
  sources: Source[];
}

type NodeId = string;

interface SinkUse {
  sink: Sink;
  inputs: NodeId[];
}

const maxRounds = 12;
const maxSourcesPerNode = 24;

/**
 * Which sources reach which sinks over a set of files: assignments, calls of known functions, returns, callbacks, containers
 * and exports across files. Flow- and field-insensitive: it may join what never meets in time, so claims ask for more than one
 * hop of it. Files are added one by one; {@link flows} solves all together.
 */
export class FlowGraph {
  #edges = new Map<NodeId, Set<NodeId>>();
  #sources = new Map<NodeId, Source[]>();
  #sinks: SinkUse[] = [];

  addFile(path: string, ast: File): void {
    new FileFlow(path, this).visitProgram(ast);
  }

  edge(from: NodeId | undefined, to: NodeId | undefined): void {
    if (from === undefined || to === undefined || from === to) return;
    const targets = this.#edges.get(from) ?? new Set();
    targets.add(to);
    this.#edges.set(from, targets);
  }

  source(node: NodeId, source: Source): void {
    this.#sources.set(node, [...(this.#sources.get(node) ?? []), source]);
  }

  sink(sink: Sink, inputs: (NodeId | undefined)[]): void {
    this.#sinks.push({ sink, inputs: inputs.filter((input) => input !== undefined) });
  }

  flows(): Flow[] {
    const reached = new Map<NodeId, Set<Source>>();
    let frontier = new Map([...this.#sources].map(([node, sources]) => [node, new Set(sources)]));
    for (let round = 0; frontier.size > 0 && round < maxRounds * 100; round++) {
      const next = new Map<NodeId, Set<Source>>();
      for (const [node, sources] of frontier) {
        const known = reached.get(node) ?? new Set();
        const fresh = [...sources].filter((source) => !known.has(source)).slice(0, maxSourcesPerNode - known.size);
        if (fresh.length === 0) continue;
        for (const source of fresh) known.add(source);
        reached.set(node, known);
        for (const target of this.#edges.get(node) ?? []) {
          const waiting = next.get(target) ?? new Set();
          for (const source of fresh) waiting.add(source);
          next.set(target, waiting);
        }
      }
      frontier = next;
    }
    return this.#sinks
      .map(({ sink, inputs }) => ({ sink, sources: [...new Set(inputs.flatMap((input) => [...(reached.get(input) ?? [])]))] }))
      .filter(({ sources }) => sources.length > 0);
  }
}

/** Names bound in one function or module. */
class Scope {
  readonly names = new Map<string, NodeId>();
  readonly aliases = new Map<string, string>();
  readonly returns: NodeId;
  readonly parent: Scope | undefined;

  constructor(returns: NodeId, parent?: Scope) {
    this.returns = returns;
    this.parent = parent;
  }

  lookup(name: string): NodeId | undefined {
    return this.names.get(name) ?? this.parent?.lookup(name);
  }

  alias(name: string): string | undefined {
    return this.aliases.get(name) ?? (this.names.has(name) ? undefined : this.parent?.alias(name));
  }
}

class FileFlow {
  #file: string;
  #graph: FlowGraph;
  #counter = 0;

  constructor(file: string, graph: FlowGraph) {
    this.#file = file;
    this.#graph = graph;
  }

  visitProgram(ast: File): void {
    const scope = new Scope(exportsOf(this.#file));
    scope.names.set('module', exportsOf(this.#file));
    scope.names.set('exports', exportsOf(this.#file));
    this.#declare(ast.program, scope);
    this.#statements(ast.program, scope);
  }

  /** Hoists function and variable names of one scope, without entering inner functions. */
  #declare(node: Node, scope: Scope): void {
    for (const child of childrenOf(node)) {
      if (child.type === 'FunctionDeclaration' || child.type === 'ClassDeclaration') {
        if (child.id != null) scope.names.set(child.id.name, `${this.#file}#${child.start}`);
        if (child.type === 'FunctionDeclaration') continue;
      } else if (child.type === 'VariableDeclarator') this.#bind(child.id as Pattern, scope);
      else if (child.type === 'ImportDeclaration') {
        for (const specifier of child.specifiers) {
          const module = child.source.value.replace(/^node:/, '');
          const imported = specifier.type === 'ImportSpecifier' ? `.${specifier.imported.type === 'Identifier' ? specifier.imported.name : specifier.imported.value}` : '';
          scope.aliases.set(specifier.local.name, `require:${module}${imported}`);
          this.#importFrom(module, this.#fresh(specifier.local.name, scope));
          scope.names.delete(specifier.local.name);
        }
      }
      if (!isFunction(child)) this.#declare(child, scope);
    }
  }

  #importFrom(module: string, node: NodeId): void {
    if (module.startsWith('.')) this.#graph.edge(exportsOf(resolveRelative(this.#file, module)), node);
  }

  #bind(pattern: Node, scope: Scope): void {
    switch (pattern.type) {
      case 'Identifier':
        if (!scope.names.has(pattern.name)) this.#fresh(pattern.name, scope);
        break;
      case 'ObjectPattern':
        for (const property of pattern.properties) this.#bind(property.type === 'RestElement' ? property.argument : (property.value as Node), scope);
        break;
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element !== null) this.#bind(element, scope);
        break;
      case 'AssignmentPattern':
        this.#bind(pattern.left, scope);
        break;
      case 'RestElement':
        this.#bind(pattern.argument, scope);
        break;
      default:
        break;
    }
  }

  #fresh(name: string, scope: Scope): NodeId {
    const id = `${this.#file}:${name}:${this.#counter++}`;
    scope.names.set(name, id);
    return id;
  }

  #temp(): NodeId {
    return `${this.#file}!${this.#counter++}`;
  }

  #statements(node: Node, scope: Scope): void {
    for (const child of childrenOf(node)) this.#statement(child, scope);
  }

  #statement(node: Node, scope: Scope): void {
    switch (node.type) {
      case 'VariableDeclarator': {
        const value = node.init == null ? undefined : this.#expression(node.init, scope);
        this.#noteAlias(node.id, node.init, scope);
        this.#assign(node.id, value, scope);
        return;
      }
      case 'ReturnStatement':
        if (node.argument != null) this.#graph.edge(this.#expression(node.argument, scope), scope.returns);
        return;
      case 'ExportDefaultDeclaration':
        this.#graph.edge(this.#expression(node.declaration as Node, scope), exportsOf(this.#file));
        return;
      case 'ExportNamedDeclaration': {
        this.#statements(node, scope);
        for (const name of exportedNames(node)) this.#graph.edge(scope.lookup(name), exportsOf(this.#file));
        return;
      }
      case 'ForOfStatement':
      case 'ForInStatement': {
        const value = this.#expression(node.right, scope);
        const left = node.left.type === 'VariableDeclaration' ? node.left.declarations[0]?.id : node.left;
        if (left != null) this.#assign(left as Node, value, scope);
        this.#statement(node.body, scope);
        return;
      }
      case 'FunctionDeclaration':
      case 'ClassMethod':
      case 'ClassPrivateMethod':
      case 'ObjectMethod':
        this.#function(node, scope, node.type === 'FunctionDeclaration' && node.id != null ? scope.lookup(node.id.name) : undefined);
        return;
      default:
        if (isExpression(node)) this.#expression(node, scope);
        else this.#statements(node, scope);
    }
  }

  /** `const https = require('https')`, `const { exec } = require('child_process')`, `const send = https.request`. */
  #noteAlias(target: Node, init: Node | null | undefined, scope: Scope): void {
    const chain = this.#chain(init, scope);
    if (chain === undefined) return;
    if (target.type === 'Identifier') scope.aliases.set(target.name, chain);
    if (target.type !== 'ObjectPattern') return;
    for (const property of target.properties) {
      if (property.type !== 'ObjectProperty' || property.key.type !== 'Identifier') continue;
      if (property.value.type === 'Identifier') scope.aliases.set(property.value.name, `${chain}.${property.key.name}`);
    }
  }

  /** Chain of a callee or object with local aliases replaced by what they stand for. */
  #chain(node: Node | null | undefined, scope: Scope): string | undefined {
    const chain = chainOf(node);
    if (chain === undefined) return undefined;
    const [head = '', ...rest] = chain.startsWith('require:') ? [chain] : chain.split('.');
    const alias = scope.alias(head);
    return [alias ?? head, ...rest].join('.');
  }

  #assign(target: Node, value: NodeId | undefined, scope: Scope): void {
    switch (target.type) {
      case 'Identifier':
        this.#graph.edge(value, scope.lookup(target.name) ?? globalOf(target.name));
        break;
      case 'MemberExpression': {
        const chain = chainOf(target);
        if (chain !== undefined && /^(module\.)?exports(\.|$)/.test(chain)) this.#graph.edge(value, exportsOf(this.#file));
        this.#graph.edge(value, this.#expression(target.object, scope));
        break;
      }
      case 'ObjectPattern':
        for (const property of target.properties) this.#assign(property.type === 'RestElement' ? property.argument : (property.value as Node), value, scope);
        break;
      case 'ArrayPattern':
        for (const element of target.elements) if (element !== null) this.#assign(element, value, scope);
        break;
      case 'AssignmentPattern':
        this.#graph.edge(this.#expression(target.right, scope), value);
        this.#assign(target.left, value, scope);
        break;
      case 'RestElement':
        this.#assign(target.argument, value, scope);
        break;
      default:
        break;
    }
  }

  #function(node: FunctionNode, scope: Scope, name?: NodeId): NodeId {
    const id = name ?? `${this.#file}#${node.start}`;
    const inner = new Scope(`${id}.return`, scope);
    node.params.forEach((parameter, index) => {
      this.#bind(parameter, inner);
      const input = `${id}.${index}`;
      this.#assign(parameter, input, inner);
    });
    this.#declare(node.body, inner);
    if (isExpression(node.body)) this.#graph.edge(this.#expression(node.body, inner), inner.returns);
    else this.#statements(node.body, inner);
    // A caller that only holds the value (an exported function, a callback) still gets what it returns.
    this.#graph.edge(inner.returns, id);
    return id;
  }

  #expression(node: Node, scope: Scope): NodeId | undefined {
    switch (node.type) {
      case 'Identifier':
        return scope.lookup(node.name) ?? globalOf(node.name);
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'FunctionDeclaration':
        return this.#function(node, scope);
      case 'AssignmentExpression': {
        const value = this.#expression(node.right, scope);
        this.#noteAlias(node.left, node.right, scope);
        this.#assign(node.left, value, scope);
        return value;
      }
      case 'CallExpression':
      case 'OptionalCallExpression':
      case 'NewExpression':
        return this.#call(node as CallExpression | NewExpression, scope);
      case 'MemberExpression':
      case 'OptionalMemberExpression':
        return this.#member(node, scope);
      case 'StringLiteral':
      case 'TemplateLiteral': {
        const text = literalText(node);
        if (text !== undefined && text.length < 300 && isCredentialPath(text)) {
          const id = this.#temp();
          this.#graph.source(id, { ...this.#place(node, text), label: 'credential', name: text });
          return id;
        }
        return this.#joined(node, scope);
      }
      case 'ClassExpression':
      case 'ClassDeclaration':
        this.#statements(node, scope);
        return undefined;
      default:
        return this.#joined(node, scope);
    }
  }

  /** Any other expression carries what its parts carry. */
  #joined(node: Node, scope: Scope): NodeId | undefined {
    const children = childrenOf(node);
    if (children.length === 0) return undefined;
    const id = this.#temp();
    for (const child of children) {
      if (isFunction(child) && child.type === 'ObjectMethod') this.#function(child, scope);
      else if (isExpression(child) || child.type === 'SpreadElement' || child.type === 'ObjectProperty' || child.type === 'TemplateElement') {
        this.#graph.edge(child.type === 'ObjectProperty' ? this.#expression(child.value as Node, scope) : this.#expression(child, scope), id);
      } else this.#statement(child, scope);
    }
    return id;
  }

  #member(node: Node & { type: 'MemberExpression' | 'OptionalMemberExpression' }, scope: Scope): NodeId | undefined {
    const chain = this.#chain(node, scope);
    if (chain !== undefined) {
      const variable = /^(?:globalThis\.|global\.)?process\.env\.([A-Za-z0-9_]+)$/.exec(chain)?.[1];
      if (variable !== undefined) {
        if (!isSecretName(variable)) return undefined;
        const id = this.#temp();
        this.#graph.source(id, { ...this.#place(node, `process.env.${variable}`), label: 'credential', name: variable });
        return id;
      }
      if (/^(globalThis\.|global\.)?process\.env$/.test(chain)) {
        const id = this.#temp();
        this.#graph.source(id, { ...this.#place(node, 'process.env'), label: 'environment' });
        return id;
      }
    }
    const object = this.#expression(node.object, scope);
    if (node.computed) {
      // process.env[name] with a name we cannot see: one variable, not the whole environment.
      if (/(^|\.)process\.env$/.test(this.#chain(node.object, scope) ?? '')) return undefined;
      this.#expression(node.property as Expression, scope);
    }
    return object;
  }

  #call(node: CallExpression | NewExpression, scope: Scope): NodeId {
    const result = this.#temp();
    const callee = this.#chain(node.callee, scope);
    const inputs = node.arguments.map((argument) => (argument.type === 'ArgumentPlaceholder' ? undefined : this.#expression(argument as Node, scope)));
    const required = node.type === 'CallExpression' && callee === 'require' ? literalText(node.arguments[0] as Node) : undefined;
    if (required !== undefined) {
      this.#importFrom(required, result);
      return result;
    }
    const receiver = isMember(node.callee) ? this.#expression(node.callee.object, scope) : undefined;
    const target = node.callee.type === 'Super' || node.callee.type === 'Import' ? undefined : this.#expression(node.callee as Node, scope);
    inputs.forEach((input, index) => {
      this.#graph.edge(input, result);
      if (target !== undefined) this.#graph.edge(input, `${target}.${index}`);
      // A callback receives what the receiver and the other arguments hold.
      const argument = node.arguments[index];
      if (argument !== undefined && isFunction(argument as Node)) {
        for (const position of [0, 1, 2]) {
          this.#graph.edge(receiver, `${input}.${position}`);
          for (const other of inputs) if (other !== input) this.#graph.edge(other, `${input}.${position}`);
        }
      }
    });
    this.#graph.edge(target === undefined ? undefined : `${target}.return`, result);
    this.#graph.edge(receiver, result);
    // `list.push(x)`, `hash.update(x)`: the receiver holds it from now on.
    if (receiver !== undefined) for (const input of inputs) this.#graph.edge(input, receiver);
    if (callee !== undefined) this.#named(node, callee, inputs, result, receiver);
    return result;
  }

  #named(node: CallExpression | NewExpression, callee: string, inputs: (NodeId | undefined)[], result: NodeId, receiver: NodeId | undefined): void {
    const place = this.#place(node, callee);
    const label = sourceCall(callee) ?? (isDecodingBuffer(callee, node) ? 'decoded' : undefined);
    if (label !== undefined) this.#graph.source(result, { ...place, label });
    const destination = urlAmong(node);
    if (networkCall.test(callee)) {
      this.#graph.sink({ ...place, kind: 'network', ...(destination === undefined ? {} : { destination }) }, inputs);
      this.#graph.source(result, { ...place, label: 'fetched' });
      // What is later written to the request object goes out as well.
      this.#graph.edge(result, `${result}.wire`);
      this.#graph.sink({ ...place, kind: 'network', ...(destination === undefined ? {} : { destination }) }, [result]);
    } else if (evaluateCall.test(callee)) this.#graph.sink({ ...place, kind: 'evaluate' }, inputs);
    else if (executeCall.test(callee)) this.#graph.sink({ ...place, kind: 'execute' }, inputs.slice(0, 2));
    else if (sendingMethod.test(callee) && receiver !== undefined && inputs.length > 0) this.#graph.edge(inputs[0], `${receiver}.wire`);
  }

  #place(node: Node, what: string): Place {
    return { file: this.#file, line: node.loc?.start.line ?? 1, column: (node.loc?.start.column ?? 0) + 1, what: what.slice(0, 80) };
  }
}

function exportsOf(file: string): NodeId {
  return `${file}@exports`;
}

function globalOf(name: string): NodeId {
  return `@global:${name}`;
}

function resolveRelative(from: string, request: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of request.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  const path = parts.join('/');
  return /\.[cm]?[jt]sx?$/.test(path) ? path : `${path}.js`;
}

function exportedNames(node: Node & { type: 'ExportNamedDeclaration' }): string[] {
  const { declaration } = node;
  if (declaration?.type === 'VariableDeclaration') return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
  if (declaration?.type === 'FunctionDeclaration') return declaration.id == null ? [] : [declaration.id.name];
  return node.specifiers.flatMap((specifier) => (specifier.type === 'ExportSpecifier' && specifier.local.type === 'Identifier' ? [specifier.local.name] : []));
}

function urlAmong(node: CallExpression | NewExpression): string | undefined {
  for (const argument of node.arguments) {
    const text = literalText(argument as Node);
    if (text !== undefined && /^(https?|wss?):\/\//.test(text)) return text;
    if (argument.type !== 'ObjectExpression') continue;
    for (const property of argument.properties) {
      if (property.type !== 'ObjectProperty' || property.key.type !== 'Identifier' || !/^(host|hostname|url|uri)$/.test(property.key.name)) continue;
      const host = literalText(property.value as Node);
      if (host !== undefined) return host;
    }
  }
  return undefined;
}

function isDecodingBuffer(callee: string, node: CallExpression | NewExpression): boolean {
  return callee === 'Buffer.from' && /^(base64|base64url|hex)$/.test(literalText(node.arguments[1] as Node) ?? '');
}

function isMember(node: Node): node is Node & { type: 'MemberExpression'; object: Expression } {
  return node.type === 'MemberExpression' || node.type === 'OptionalMemberExpression';
}

function isFunction(node: Node): node is FunctionNode {
  return /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|ObjectMethod|ClassMethod|ClassPrivateMethod)$/.test(node.type);
}

function isExpression(node: Node): boolean {
  return /Expression$|Literal$|^Identifier$|^(Import|Super|SpreadElement|TemplateElement)$/.test(node.type) && node.type !== 'TSInstantiationExpression';
}
