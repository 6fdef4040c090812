import type * as t from '@babel/types';
import { Binding, type Scope } from '../abstract/scope.ts';
import { Thing, thingsOf, type Value } from '../abstract/value.ts';
import { boundNames } from './hoist.ts';
import type { Completion, Machine } from './machine.ts';
import { setField } from './members.ts';

/** The thing that a module's exports are kept in, under this name of its scope. */
export const exportsName = '@exports';

function exportsOf(scope: Scope): Thing | undefined {
  const value = scope.find(exportsName)?.value;
  return value instanceof Thing ? value : undefined;
}

const nameOf = (node: t.Identifier | t.StringLiteral): string => (node.type === 'Identifier' ? node.name : node.value);

/** `import … from`: names are links into the other module, so that a cycle finds what comes later. */
export function importNames(m: Machine, node: t.ImportDeclaration, scope: Scope): Completion {
  if (node.importKind === 'type') return 'normal';
  const module = m.requireAny(node.source.value, node);
  const [thing] = thingsOf(module);
  for (const specifier of node.specifiers) {
    const { name } = specifier.local;
    if (specifier.type === 'ImportNamespaceSpecifier' || thing === undefined) scope.declare(name, module, m.weak);
    else {
      const key = specifier.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(specifier.imported);
      if (key === 'default' && !hasDefault(thing)) scope.declare(name, module, m.weak);
      else scope.names.set(name, new Binding(undefined, m.weak, { thing, key }));
    }
  }
  return 'normal';
}

function hasDefault(thing: Thing): boolean {
  return (
    thing.native !== undefined || thing.fields?.has('default') === true || thing.fields?.has('@get:default') === true
  );
}

/** `export …`: members that read the module's names when they are read. */
export function exportNames(
  m: Machine,
  node: t.ExportNamedDeclaration | t.ExportDefaultDeclaration | t.ExportAllDeclaration,
  scope: Scope,
): Completion {
  const into = exportsOf(scope);
  if (into === undefined) return 'normal';
  if (node.type === 'ExportDefaultDeclaration') {
    const { declaration } = node;
    const value = m.evaluate(declaration, scope);
    if (
      (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') &&
      declaration.id != null
    ) {
      if (declaration.type === 'ClassDeclaration') scope.declare(declaration.id.name, value, m.weak);
      link(m, into, 'default', scope, declaration.id.name);
    } else setField(m, into, 'default', value);
    return 'normal';
  }
  if (node.type === 'ExportAllDeclaration') {
    for (const other of thingsOf(m.requireAny(node.source.value, node))) copyAll(into, other);
    return 'normal';
  }
  if (node.declaration != null) {
    m.execute(node.declaration, scope);
    for (const name of declaredNames(node.declaration)) link(m, into, name, scope, name);
  }
  const from = node.source == null ? undefined : m.requireAny(node.source.value, node);
  for (const specifier of node.specifiers) {
    if (specifier.type === 'ExportNamespaceSpecifier') setField(m, into, specifier.exported.name, from);
    else if (specifier.type === 'ExportSpecifier') {
      const local = nameOf(specifier.local as t.Identifier | t.StringLiteral);
      const name = nameOf(specifier.exported);
      if (node.source == null) link(m, into, name, scope, local);
      else getter(m, into, name, () => m.get(from, local, node));
    }
  }
  return 'normal';
}

function declaredNames(declaration: t.Declaration): string[] {
  if (declaration.type === 'VariableDeclaration') return declaration.declarations.flatMap(({ id }) => boundNames(id));
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration')
    return boundNames(declaration.id);
  return [];
}

function link(m: Machine, into: Thing, name: string, scope: Scope, local: string): void {
  getter(m, into, name, () => {
    const binding = scope.find(local);
    return binding?.link === undefined ? binding?.value : m.get(binding.link.thing, binding.link.key, m.hereNode);
  });
}

function getter(m: Machine, into: Thing, name: string, read: () => Value): void {
  into.fields ??= new Map();
  into.fields.set(`@get:${name}`, m.newHost({ run: read }));
}

function copyAll(into: Thing, from: Thing): void {
  into.fields ??= new Map();
  if (from.native !== undefined) into.proto = from;
  for (const [key, value] of from.fields ?? [])
    if (key !== 'default' && key !== '@get:default') into.fields.set(key, value);
}
