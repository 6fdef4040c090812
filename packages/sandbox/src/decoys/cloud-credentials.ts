import type { Persona } from '../persona.ts';
import type { DecoyPart } from './plant.ts';
import { alphabets, type RandomSource, randomText, randomUuid } from './random.ts';

const awsSecret = `${alphabets.alphanumeric}+/`;

/** Cloud accounts, clusters and container registries. */
export function cloudDecoys(random: RandomSource, persona: Persona): DecoyPart[] {
  return [
    aws(random),
    gcp(random, persona),
    azure(random, persona),
    kube(random, persona),
    docker(random, persona),
    cloudMetadata(random),
  ];
}

function aws(random: RandomSource): DecoyPart {
  const keyId = `AKIA${randomText(random, 16, alphabets.base32)}`;
  const secret = randomText(random, 40, awsSecret);
  return {
    kind: 'aws',
    location: '~/.aws/credentials',
    values: [secret, keyId],
    files: [
      {
        path: '.aws/credentials',
        content: `[default]\naws_access_key_id = ${keyId}\naws_secret_access_key = ${secret}\n`,
        mode: 0o600,
      },
      { path: '.aws/config', content: '[default]\nregion = eu-central-1\noutput = json\n', mode: 0o600 },
    ],
  };
}

function gcp(random: RandomSource, persona: Persona): DecoyPart {
  const refresh = `1//0${randomText(random, 99, alphabets.base64url)}`;
  const keyLines = Array.from({ length: 26 }, () => randomText(random, 64, awsSecret));
  const project = `${persona.project.name}-prod`;
  const adc = {
    account: '',
    client_id: `${randomText(random, 12, '0123456789')}-${randomText(random, 32, alphabets.lower)}.apps.googleusercontent.com`,
    client_secret: `GOCSPX-${randomText(random, 28, alphabets.base64url)}`,
    quota_project_id: project,
    refresh_token: refresh,
    type: 'authorized_user',
    universe_domain: 'googleapis.com',
  };
  const service = {
    type: 'service_account',
    project_id: project,
    private_key_id: randomText(random, 40, alphabets.hex),
    private_key: `-----BEGIN PRIVATE KEY-----\n${keyLines.join('\n')}\n-----END PRIVATE KEY-----\n`,
    client_email: `deploy@${project}.iam.gserviceaccount.com`,
    client_id: randomText(random, 21, '0123456789'),
  };
  return {
    kind: 'gcp',
    location: '~/.config/gcloud/application_default_credentials.json',
    values: [refresh, keyLines[3]!, adc.client_secret],
    files: [
      { path: '.config/gcloud/application_default_credentials.json', content: json(adc), mode: 0o600 },
      { path: '.config/gcloud/legacy_credentials/deploy/adc.json', content: json(service), mode: 0o600 },
      { path: '.config/gcloud/active_config', content: 'default', mode: 0o644 },
      {
        path: '.config/gcloud/configurations/config_default',
        content: `[core]\naccount = ${persona.email}\nproject = ${project}\n`,
        mode: 0o644,
      },
    ],
  };
}

function azure(random: RandomSource, persona: Persona): DecoyPart {
  const refresh = `0.A${randomText(random, 180, alphabets.base64url)}`;
  const secret = `${randomText(random, 3, alphabets.alphanumeric)}8Q~${randomText(random, 34, alphabets.base64url)}`;
  const tenant = randomUuid(random);
  const client = randomUuid(random);
  const cache = {
    RefreshToken: {
      [`${client}.${tenant}-login.microsoftonline.com-refreshtoken-1--`]: {
        credential_type: 'RefreshToken',
        environment: 'login.microsoftonline.com',
        home_account_id: `${client}.${tenant}`,
        secret: refresh,
      },
    },
  };
  return {
    kind: 'azure',
    location: '~/.azure/msal_token_cache.json',
    values: [refresh, secret],
    files: [
      { path: '.azure/msal_token_cache.json', content: json(cache), mode: 0o600 },
      {
        path: '.azure/service_principal_entries.json',
        content: json([{ client_id: client, tenant, client_secret: secret }]),
        mode: 0o600,
      },
      {
        path: '.azure/azureProfile.json',
        content: json({
          subscriptions: [{ id: randomUuid(random), name: 'Production', user: { name: persona.email } }],
        }),
        mode: 0o600,
      },
    ],
  };
}

function kube(random: RandomSource, persona: Persona): DecoyPart {
  const header = Buffer.from(
    JSON.stringify({ alg: 'RS256', kid: randomText(random, 43, alphabets.base64url) }),
  ).toString('base64url');
  const claims = Buffer.from(
    JSON.stringify({ iss: 'kubernetes/serviceaccount', sub: 'system:serviceaccount:prod:deploy' }),
  ).toString('base64url');
  const signature = randomText(random, 342, alphabets.base64url);
  const token = `${header}.${claims}.${signature}`;
  const server = `https://k8s.${persona.organisation}.example:6443`;
  const config = `apiVersion: v1\nkind: Config\ncurrent-context: prod\nclusters:\n- name: prod\n  cluster:\n    server: ${server}\ncontexts:\n- name: prod\n  context:\n    cluster: prod\n    user: deploy\nusers:\n- name: deploy\n  user:\n    token: ${token}\n`;
  const files = [{ path: '.kube/config', content: config, mode: 0o600 }];
  const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';
  if (persona.name === 'ci') {
    files.push(
      { path: `${mounted}/token`, content: token, mode: 0o644 },
      { path: `${mounted}/namespace`, content: 'ci-runners', mode: 0o644 },
    );
  }
  // The signature's first half: long enough to be unique, short enough to search for.
  return { kind: 'kube', location: '~/.kube/config', values: [signature.slice(0, 96)], files };
}

function docker(random: RandomSource, persona: Persona): DecoyPart {
  const token = `dckr_pat_${randomText(random, 27, alphabets.base64url)}`;
  const auth = Buffer.from(`${persona.organisation}:${token}`).toString('base64');
  return {
    kind: 'docker',
    location: '~/.docker/config.json',
    values: [token],
    files: [
      {
        path: '.docker/config.json',
        content: json({ auths: { [`registry.${persona.organisation}.example`]: { auth } } }),
        mode: 0o600,
      },
    ],
  };
}

/** Served by the sinkhole at the metadata address; lies in no file. */
function cloudMetadata(random: RandomSource): DecoyPart {
  return {
    kind: 'cloud_metadata',
    location: 'metadata service',
    values: [
      randomText(random, 40, awsSecret),
      `ASIA${randomText(random, 16, alphabets.base32)}`,
      randomText(random, 220, awsSecret).slice(0, 120),
    ],
    files: [],
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
