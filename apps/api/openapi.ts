/** The OpenAPI 3.1 document, made of the controllers and their zod schemas. */
import { type INestApplication, type InjectionToken, Module } from '@nestjs/common';
import { PARAMTYPES_METADATA, SELF_DECLARED_DEPS_METADATA } from '@nestjs/common/constants.js';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { controllers } from './controllers.js';

export function openApiOf(app: INestApplication): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tocsin')
    .setDescription('Incidents of deployed models: list, read, acknowledge, resolve; who is on call; live updates.')
    .setVersion('1')
    .addBearerAuth()
    .addSecurityRequirements('bearer')
    .build();
  // The operation's own name is its id: clients call `listIncidents`, not `IncidentsController_list`.
  return SwaggerModule.createDocument(app, settings, { operationIdFactory: (_, method) => method });
}

/** The same without a database or a port: in preview mode Nest makes no controller, so anything stands in for its needs. */
export async function openApiWithoutServers(): Promise<OpenAPIObject> {
  const needed = [...new Set(controllers.flatMap(needsOf))];
  @Module({ controllers, providers: needed.map((provide) => ({ provide, useValue: {} })) })
  class Preview {}
  const options = { preview: true, logger: false, abortOnError: false } as const;
  const app = await NestFactory.create(Preview, new FastifyAdapter(), options);
  try {
    return openApiOf(app);
  } finally {
    await app.close();
  }
}

/** What a constructor asks for: by its types, and by the tokens of `@Inject`. */
function needsOf(controller: (typeof controllers)[number]): InjectionToken[] {
  const types: InjectionToken[] = Reflect.getMetadata(PARAMTYPES_METADATA, controller) ?? [];
  const tokens: { param: InjectionToken }[] = Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, controller) ?? [];
  return [...types, ...tokens.map(({ param }) => param)];
}
