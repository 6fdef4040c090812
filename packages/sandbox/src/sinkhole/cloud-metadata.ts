import type { Asked, Reply, World } from './answers.ts';

/** Link-local and vendor addresses of the AWS, ECS, Google, Azure and Alibaba metadata services. */
const metadataAddresses = new Set(['169.254.169.254', 'fd00:ec2::254', '169.254.170.2', '100.100.100.200']);

export function cloudMetadata({ ip, path, method }: Asked, { metadata, identity }: World): Reply | undefined {
  if (!metadataAddresses.has(ip)) return undefined;
  const [secret, keyId, token] = metadata;
  if (secret === undefined || keyId === undefined || token === undefined) return { status: 404, text: 'Not Found' };
  const role = `${identity.organisation}-node-role`;
  const expires = '2027-01-01T00:00:00Z';
  const credentials = { AccessKeyId: keyId, SecretAccessKey: secret, Token: token, Expiration: expires };
  if (method === 'PUT' && path === '/latest/api/token')
    return { text: Buffer.from(token).toString('base64url').slice(0, 56) };
  if (ip === '169.254.170.2') return { json: { RoleArn: `arn:aws:iam::418295310972:role/${role}`, ...credentials } };
  if (path.startsWith('/computeMetadata/')) return googleMetadata(path, { token, identity });
  if (path.startsWith('/metadata/')) return azureMetadata(path, { token, identity });
  const aws: Record<string, Reply> = {
    '/latest/meta-data/': {
      text: 'ami-id\nhostname\niam/\ninstance-id\ninstance-type\nlocal-ipv4\nplacement/\npublic-keys/',
    },
    '/latest/meta-data/iam/': { text: 'info\nsecurity-credentials/' },
    '/latest/meta-data/iam/security-credentials/': { text: role },
    [`/latest/meta-data/iam/security-credentials/${role}`]: {
      json: { Code: 'Success', LastUpdated: '2026-03-01T06:00:00Z', Type: 'AWS-HMAC', ...credentials },
    },
    '/latest/meta-data/instance-id': { text: 'i-0b7f2d41c9ae83e56' },
    '/latest/meta-data/instance-type': { text: 'm6i.large' },
    '/latest/meta-data/local-ipv4': { text: '10.20.31.7' },
    '/latest/meta-data/placement/region': { text: 'eu-central-1' },
    '/latest/dynamic/instance-identity/document': {
      json: {
        accountId: '418295310972',
        region: 'eu-central-1',
        instanceId: 'i-0b7f2d41c9ae83e56',
        instanceType: 'm6i.large',
      },
    },
    '/latest/user-data': { text: '#cloud-config\n' },
  };
  return aws[path] ?? aws[`${path}/`] ?? { status: 404, text: 'Not Found' };
}

type MetadataFacts = { token: string; identity: World['identity'] };

function googleMetadata(path: string, { token, identity }: MetadataFacts): Reply {
  const headers = { 'metadata-flavor': 'Google' };
  const account = `deploy@${identity.organisation}-prod.iam.gserviceaccount.com`;
  if (path.endsWith('/token'))
    return { headers, json: { access_token: `ya29.${token}`, expires_in: 3327, token_type: 'Bearer' } };
  if (path.endsWith('/project/project-id')) return { headers, text: `${identity.organisation}-prod` };
  if (path.endsWith('/email')) return { headers, text: account };
  if (path.includes('/service-accounts/'))
    return { headers, json: { default: { email: account, scopes: ['cloud-platform'] } } };
  return { headers, text: 'instance/\noslogin/\nproject/' };
}

function azureMetadata(path: string, { token, identity }: MetadataFacts): Reply {
  if (path.endsWith('/token')) return { json: { access_token: token, expires_in: '86399', token_type: 'Bearer' } };
  return {
    json: { compute: { location: 'westeurope', name: `${identity.organisation}-vm1`, vmSize: 'Standard_D4s_v5' } },
  };
}
