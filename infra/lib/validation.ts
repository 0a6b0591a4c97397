/**
 * Turns parsed JSON into typed values. Every problem is kept with the path where it stands, so that a
 * user mends a file in one go; unknown keys are problems, because a misspelt key would be a silent default.
 */
import { suggestion } from './nearest';

/** Reads a value that stands at `path`; what is wrong goes to `problems`, and the result is then unused. */
export type Decoder<T> = (value: unknown, path: string, problems: string[]) => T;

interface Field<T> {
  readonly decode: Decoder<T>;
  readonly otherwise?: { readonly value: T };
}
type Shape = Readonly<Record<string, Field<unknown>>>;
type Decoded<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

export function required<T>(decode: Decoder<T>): Field<T> {
  return { decode };
}

export function optional<T>(decode: Decoder<T>, value: T): Field<T> {
  return { decode, otherwise: { value } };
}

export function maybe<T>(decode: Decoder<T>): Field<T | undefined> {
  return { decode, otherwise: { value: undefined } };
}

export function object<S extends Shape>(shape: S): Decoder<Decoded<S>> {
  return (value, path, problems) => {
    const members = membersOf(value, path, problems);
    const known = Object.keys(shape);
    for (const key of Object.keys(members).filter((key) => !known.includes(key))) {
      problems.push(`${at(path, key)}: unknown key, ${suggestion(key, known)}`);
    }
    const entries = Object.entries(shape).map(([key, field]) => {
      if (key in members) return [key, field.decode(members[key], at(path, key), problems)];
      if (!field.otherwise && isObject(value)) problems.push(`${at(path, key)}: is missing`);
      return [key, field.otherwise?.value];
    });
    return Object.fromEntries(entries) as Decoded<S>;
  };
}

/** An object whose keys the user chooses. */
export function record<T>(key: Decoder<string>, decode: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, path, problems) => {
    const members = Object.entries(membersOf(value, path, problems));
    return Object.fromEntries(
      members.map(([name, one]) => [key(name, at(path, name), problems), decode(one, at(path, name), problems)]),
    );
  };
}

export function list<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (value, path, problems) => {
    if (!Array.isArray(value)) {
      problems.push(`${path}: expected a list, found ${kind(value)}`);
      return [];
    }
    return value.map((one, index) => decode(one, `${path}[${index}]`, problems));
  };
}

/** In selectors an empty list would read as "none" and act as "all". */
export function nonEmptyList<T>(decode: Decoder<T>): Decoder<readonly T[]> {
  return (value, path, problems) => {
    const items = list(decode)(value, path, problems);
    if (Array.isArray(value) && value.length === 0) problems.push(`${path}: names nothing; leave it out to mean all`);
    return items;
  };
}

/** As an empty list. */
export function nonEmptyRecord<T>(key: Decoder<string>, decode: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, path, problems) => {
    const members = record(key, decode)(value, path, problems);
    if (isObject(value) && Object.keys(value).length === 0)
      problems.push(`${path}: names nothing; leave it out to mean all`);
    return members;
  };
}

/** Text without control characters that `pattern` describes. */
export function text(what: string, pattern = /^.+$/u): Decoder<string> {
  return (value, path, problems) => {
    if (typeof value !== 'string') {
      problems.push(`${path}: expected ${what}, found ${kind(value)}`);
      return '';
    }
    if (!pattern.test(value) || /[\u0000-\u001f\u007f]/u.test(value)) {
      problems.push(`${path}: expected ${what}, found ${JSON.stringify(value)}`);
    }
    return value;
  };
}

export function oneOf<T extends string>(names: readonly T[]): Decoder<T> {
  return (value, path, problems) => {
    if (typeof value === 'string' && (names as readonly string[]).includes(value)) return value as T;
    const found = typeof value === 'string' ? `unknown value \`${value}\`` : `expected a string, found ${kind(value)}`;
    const hint = typeof value === 'string' ? suggestion(value, names) : `one of ${names.join(', ')}`;
    problems.push(`${path}: ${found}, ${hint}`);
    return names[0]!;
  };
}

export function boolean(value: unknown, path: string, problems: string[]): boolean {
  if (typeof value === 'boolean') return value;
  problems.push(`${path}: expected true or false, found ${kind(value)}`);
  return false;
}

export function integer(least: number, most: number): Decoder<number> {
  return (value, path, problems) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    const found = typeof value === 'number' ? String(value) : kind(value);
    problems.push(`${path}: expected a whole number from ${least} to ${most}, found ${found}`);
    return least;
  };
}

function membersOf(value: unknown, path: string, problems: string[]): Record<string, unknown> {
  if (isObject(value)) return value;
  problems.push(`${path || 'the file'}: expected an object, found ${kind(value)}`);
  return {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function kind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : `the ${typeof value} ${String(value)}`;
}
