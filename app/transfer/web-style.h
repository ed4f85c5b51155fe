#pragma once

/* What a conversation looks like as a page of the web (web-page.h). It holds no "<", which could end it. */
extern const char sotto_web_style[];
