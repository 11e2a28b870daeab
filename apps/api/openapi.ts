/** The OpenAPI 3.1 document, made of the controllers and their zod schemas. */
import { type INestApplication, Module } from '@nestjs/common';
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

/** The same without a database or a port: in preview mode Nest reads the controllers and makes none. */
export async function openApiWithoutServers(): Promise<OpenAPIObject> {
  @Module({ controllers })
  class Preview {}
  const app = await NestFactory.create(Preview, new FastifyAdapter(), { preview: true, logger: false });
  try {
    return openApiOf(app);
  } finally {
    await app.close();
  }
}
