/** What a configuration file may hold, key by key, with the defaults. What keys say of each other: config.ts. */
import type { Architecture, HeartbeatGrain, RemediationSettings } from './config';
import { MODES, REMEDIATION_NAMES } from './remediation-names';
import {
  boolean,
  type Decoder,
  integer,
  list,
  maybe,
  nonEmptyList,
  nonEmptyRecord,
  object,
  oneOf,
  optional,
  record,
  required,
  text,
} from './validation';

const account = text('an account id of 12 digits', /^\d{12}$/);
const region = text('a Region such as eu-west-1', /^[a-z]{2}(-[a-z]+)+-\d$/);
const roleName = text('the name of a role, with its path if it has one', /^[\w+=,.@-]+(\/[\w+=,.@-]+)*$/);
/** What the functions would refuse at their start is refused here: patterns, sessions, blanks at an end. */
const exact = (what: string) => text(what, /^[^\s*](?:[^*]*[^\s*])?$/u);
const sentence = (what: string) => text(what, /\S/u);

/** RFC 3339, of a day that the calendar has. */
const time: Decoder<string> = (value, path, problems) => {
  const what = 'a time such as 2026-12-31T00:00:00Z';
  const clock = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
  const read = text(what, clock)(value, path, problems);
  const [year, month, day] = (clock.exec(read) ?? []).slice(1, 4).map(Number);
  if (year === undefined || month === undefined) return read;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    problems.push(`${path}: expected ${what}, found ${JSON.stringify(read)}`);
  }
  return read;
};

const selectors = {
  accounts: maybe(nonEmptyList(account)),
  organisationalUnits: maybe(nonEmptyList(text('the name of an organisational unit'))),
  regions: maybe(nonEmptyList(region)),
  apis: maybe(nonEmptyList(text('the id of an API', /^[a-z0-9]+$/))),
  stages: maybe(nonEmptyList(exact('the name of a stage'))),
  tags: maybe(nonEmptyRecord(exact('a tag key'), text('a tag value', /^.*$/u))),
};

const settings: Decoder<RemediationSettings> = object({
  mode: optional(oneOf(MODES), 'notify'),
  targets: optional(
    list(object({ ...selectors, mode: required(oneOf(MODES)), cloudformation: optional(boolean, false) })),
    [],
  ),
});

export const shape = object({
  account: required(account),
  homeRegion: required(region),
  regions: required(nonEmptyList(region)),
  organisation: maybe(
    object({
      id: required(text('an organisation id such as o-exampleorg', /^o-[a-z0-9]{10,32}$/)),
      accounts: required(record(account, object({ cloudWatchRoleName: maybe(roleName) }))),
      organisationalUnits: optional(record(text('a name'), nonEmptyList(account)), {}),
      policies: optional(
        record(
          text('the name of a file in policies/scp or policies/rcp'),
          list(
            text(
              'a root, an organisational unit or an account',
              /^(r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|\d{12})$/,
            ),
          ),
        ),
        {},
      ),
    }),
  ),
  onCallEmails: optional(list(text('a mail address', /^[^@\s]+@[^@\s]+$/)), []),
  architecture: optional(oneOf<Architecture>(['arm64', 'x86_64']), 'arm64'),
  reservedConcurrency: optional(integer(0, 1000), 10),
  logRetentionDays: optional(integer(1, 3653), 90),
  heartbeat: optional(oneOf<HeartbeatGrain>(['region', 'account', 'off']), 'region'),
  bootstrapQualifier: maybe(text('a qualifier of at most 10 letters and digits', /^[A-Za-z0-9]{1,10}$/)),
  cloudWatchRoleName: maybe(roleName),
  remediation: optional(
    object(
      Object.fromEntries(REMEDIATION_NAMES.map((name) => [name, optional(settings, { mode: 'notify', targets: [] })])),
    ),
    {},
  ),
  exemptions: optional(
    list(
      object({
        ...selectors,
        remediations: maybe(nonEmptyList(oneOf(REMEDIATION_NAMES))),
        reason: required(sentence('a reason')),
        owner: required(sentence('an owner')),
        expires: required(time),
      }),
    ),
    [],
  ),
  breakGlass: optional(
    list(text('the ARN of a role or a user', /^arn:[a-z-]+:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/)),
    [],
  ),
});
