import { expect, test } from 'vitest';
import { seededRandom } from './decoys/random.ts';
import { identityOf, makePersona, type PersonaName, personas } from './persona.ts';
import { Geo, Identity } from './sinkhole/config.ts';

const names = Object.keys(personas) as PersonaName[];

test.each(names)('two runs of persona %s share neither host name nor machine id', (name) => {
  const [one, other] = [makePersona(name, seededRandom('one')), makePersona(name, seededRandom('two'))];
  expect(one.hostname).not.toBe(other.hostname);
  expect(one.hostname.length).toBeGreaterThanOrEqual(16);
  expect(one.hostname).toMatch(/^[a-z0-9-]{16,63}$/);
  expect(one.user).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
  expect(one.hardware.machineId).not.toBe(other.hardware.machineId);
});

test.each(names)('the same random source gives the same persona %s', (name) => {
  expect(makePersona(name, seededRandom('x'))).toEqual(makePersona(name, seededRandom('x')));
});

test.each(names)('no placeholder is left in the environment of persona %s', (name) => {
  expect(JSON.stringify(makePersona(name, seededRandom('x')))).not.toMatch(/[<>]/);
});

test('each persona has the sign that its triggers look for', () => {
  const env = (name: PersonaName) => makePersona(name, seededRandom('x')).env;
  expect(env('ci').CI).toBe('true');
  expect(env('agent').CLAUDECODE).toBe('1');
  expect(env('locale').LANG).toBe('ru_RU.UTF-8');
  expect(env('locale').TZ).toBe('Europe/Moscow');
  expect(env('developer').CI).toBeUndefined();
});

test('personas point only at documentation domains and addresses', () => {
  for (const name of names) {
    const persona = makePersona(name, seededRandom('x'));
    expect(persona.email).toMatch(/\.example$/);
    expect(persona.geo.ip).toMatch(/^(203\.0\.113|198\.51\.100|192\.0\.2)\./);
  }
});

test.each(names)('the sinkhole takes account and place of persona %s as they are', (name) => {
  const persona = makePersona(name, seededRandom('x'));
  expect(Identity.parse(identityOf(persona)).packages.length).toBeGreaterThan(0);
  expect(Geo.parse(persona.geo)).toEqual(persona.geo);
});
